import type { ImageRequest, InputImage, Warning } from '@easel/plugin-sdk';
import type { FieldNames } from '../field-names.js';
import { findModel } from '../find-model.js';
import { withoutAbsent } from '../request-fields.js';
import type { ServerContext } from '../server-context.js';
import { SharedOptions } from '../shared-options.js';
import type { FindFile } from './find-file.js';
import type { Graph } from './graph.js';
import { imageOf, maskOf, sizeOf } from './graph-images.js';
import { type FoundNode, NodeReader } from './node-reader.js';
import { type ReadConditioning, readConditioning } from './read-conditioning.js';
import { ignoreVae, type ReadLatent, readLatent } from './read-latent.js';
import { type ReadModel, readModel } from './read-model.js';
import { readSampling, type Sampling } from './read-sampling.js';

/** A graph as a request. */
export interface ReadGraph {
  readonly asked: ImageRequest;
  readonly warnings: readonly Warning[];
  /** Where the graph has the fields of the request. */
  readonly names: FieldNames;
  /** Ids of the nodes that take part, in the order in which ComfyUI would run them. */
  readonly loader: string;
  readonly sampler: string;
  readonly decoder: string;
}

/** Looks at each unfinished image. */
const previews = 5;

/**
 * What a graph asks for, found by following its links from the nodes that keep or show an image.
 *
 * @param outputs ids of those nodes, one at least
 * @throws UnsupportedNode for what Easel cannot make; HttpError 400 for images that cannot be read
 */
export async function readGraph(
  { manager }: Pick<ServerContext, 'manager'>,
  graph: Graph,
  outputs: readonly string[],
  find: FindFile,
): Promise<ReadGraph> {
  const reader = new NodeReader(graph);
  const decoder = readOutputs(reader, outputs);
  ignoreVae(reader, decoder);
  const sampler = reader.from(decoder, 'samples');
  if (!sampler.class_type.startsWith('KSampler'))
    throw reader.unsupported(decoder, 'samples', `come from ${sampler.class_type}, and not from a sampler`);
  const model = readModel(reader, sampler);
  const positive = readConditioning(reader, sampler, 'positive');
  const negative = readConditioning(reader, sampler, 'negative');
  const latent = readLatent(reader, sampler);
  const known = findModel(manager, model.name) ?? findModel(manager, model.file);
  const sampling = readSampling(reader, sampler, latent.image !== undefined, known);
  const shared = new SharedOptions(known);
  const skipped = positive.skipped;
  if (skipped && skipped.layers > 0)
    shared.set('clipSkip', skipped.layers, `${skipped.node.id}.stop_at_clip_layer`);
  if (shared.has('promptStyle')) shared.set('promptStyle', 'interpolated', `${positive.node.id}.text`);
  const takesLoras = known?.choices.promptTags.some(({ tag }) => tag === 'lora') ?? false;
  const images = await readImages(reader, latent, find);
  const asked: ImageRequest = {
    prompt: positive.text.trim() ? withLoras(reader, positive.text, model, takesLoras) : ' ',
    model: known?.id ?? model.name,
    previews,
    ...withoutAbsent({
      negativePrompt: negative.text || undefined,
      guidanceScale: guidanceOf(reader, sampler, positive),
      seed: sampling.seed,
    }),
    ...sampling.request,
    ...images,
    n: countOf(reader, latent),
    ...shared.request,
  };
  return {
    asked,
    warnings: [...reader.warnings, ...shared.warnings],
    names: namesOf({ sampler, model, positive, negative, latent, sampling }),
    ...{ loader: model.loader.id, sampler: sampler.id, decoder: decoder.id },
  };
}

/** The node that decodes the image which all outputs keep or show. */
function readOutputs(reader: NodeReader, outputs: readonly string[]): FoundNode {
  const [first, ...others] = outputs.map((id) => {
    const output = reader.get(id);
    if (reader.text(output, 'filename_prefix') !== '')
      reader.ignore(output, 'filename_prefix', 'files are named by their content');
    return { output, from: reader.from(output, 'images') };
  });
  if (!first) throw new Error('a graph without outputs is refused before');
  if (first.from.class_type !== 'VAEDecode')
    throw reader.unsupported(
      first.output,
      'images',
      `come from ${first.from.class_type}, and Easel keeps what VAEDecode makes`,
    );
  const other = others.find(({ from }) => from.id !== first.from.id);
  if (other)
    throw reader.unsupported(
      other.output,
      'images',
      'are others than those of another output: send them as a prompt of their own',
    );
  return first.from;
}

function withLoras(reader: NodeReader, text: string, { loras }: ReadModel, areTaken: boolean): string {
  const tags = loras.map(({ node, name, weight }) => {
    if (!areTaken) reader.ignore(node, 'lora_name', 'the model takes no LoRAs');
    return areTaken && weight !== 0 ? `<lora:${name}:${weight}>` : '';
  });
  return text + tags.join('');
}

/** Models with guidance as an input have it from a node of its own, or their own. */
function guidanceOf(
  reader: NodeReader,
  sampler: FoundNode,
  { guidance, hasGuidanceInput }: ReadConditioning,
): number | undefined {
  const scale = reader.number(sampler, 'cfg');
  if (!guidance && !hasGuidanceInput) return scale;
  if (scale !== 1) reader.ignore(sampler, 'cfg', 'the model has its guidance from FluxGuidance');
  return guidance && reader.number(guidance, 'guidance');
}

const countOf = (reader: NodeReader, { empty, repeated }: ReadLatent): number =>
  (empty ? Math.trunc(reader.number(empty, 'batch_size')) : 1) * repeated;

/** The size, and the images in the contract's sense. */
async function readImages(
  reader: NodeReader,
  { empty, image, mask, isCleared }: ReadLatent,
  find: FindFile,
): Promise<Partial<ImageRequest>> {
  if (empty) {
    if (mask) reader.ignore(mask.node, 'image', 'there is no image to paint on');
    const edge = (name: string) => Math.trunc(reader.number(empty, name));
    return { width: edge('width'), height: edge('height') };
  }
  if (!image) return {};
  const started: InputImage = await imageOf(image, find);
  return {
    ...(await sizeOf(started)),
    inputImages: [started],
    ...(mask ? { mask: await maskOf(mask, find) } : {}),
    ...(mask && isCleared ? { maskFill: 'surroundings' as const } : {}),
  };
}

function namesOf({
  sampler,
  model,
  positive,
  negative,
  latent,
  sampling,
}: {
  readonly sampler: FoundNode;
  readonly model: ReadModel;
  readonly positive: ReadConditioning;
  readonly negative: ReadConditioning;
  readonly latent: ReadLatent;
  readonly sampling: Sampling;
}): FieldNames {
  const { empty, image, mask, repeater } = latent;
  const of = (node: FoundNode, input: string) => `${node.id}.${input}`;
  const size = (input: string) => (empty ? of(empty, input) : image && of(image.node, 'image'));
  const counter = empty ?? repeater;
  const { skipped } = positive;
  return withoutAbsent({
    prompt: of(positive.node, 'text'),
    negativePrompt: of(negative.node, 'text'),
    model: of(model.loader, model.input),
    guidanceScale: positive.guidance ? of(positive.guidance, 'guidance') : of(sampler, 'cfg'),
    width: size('width'),
    height: size('height'),
    n: counter && of(counter, counter === empty ? 'batch_size' : 'amount'),
    inputImages: image && of(image.node, 'image'),
    mask: mask && of(mask.node, 'image'),
    ...sampling.names,
    options: skipped ? { clipSkip: of(skipped.node, 'stop_at_clip_layer') } : {},
  }) as FieldNames;
}
