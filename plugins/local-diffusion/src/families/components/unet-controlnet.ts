import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Graph } from '../../graph/graph.js';
import { controlNetGraph, residualShapes } from '../../networks/controlnet/controlnet.js';
import { readControlNetConfig } from '../../networks/controlnet/controlnet-config.js';
import type { UnetConfig } from '../../networks/unet/unet-config.js';
import type { ControlNetReading, ReadControl } from '../../pipelines/control.js';
import { forBatch } from '../../pipelines/controls.js';
import type { Feed } from '../../session/network.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind } from '../component-kind.js';

type Feeds = Readonly<Record<string, Feed>>;

/** A ControlNet for a UNet by what its config says. */
export interface UnetControlNet {
  /** For messages: the name of its file or folder. */
  readonly title: string;
  readonly reading: ControlNetReading;
  /** Of the blocks that it has like the UNet. */
  readonly blocks: UnetConfig;
  /** Nothing is added to what is made without the prompt, whatever the request says. */
  readonly leavesUnprompted: boolean;
  /**
   * What it makes of images, scaled and added up, by the names of the UNet's inputs.
   *
   * @param feeds those of the UNet
   */
  residuals(feeds: Feeds, controls: readonly ReadControl[]): Promise<Feeds>;
}

/** diffusers' `ControlNetModel` and `ControlNetUnionModel`. */
export const unetControlNetKind: ComponentKind<UnetControlNet> = {
  mount(component, { networks }) {
    const { unet, union, poolsResults } = readControlNetConfig(component);
    const known = new Map<number, { readonly network: StoredNetwork; readonly graph: Graph }>();
    const networkFor = (images: number) => {
      const graph = known.get(images)?.graph ?? controlNetGraph(component, images);
      const made = known.get(images) ?? { graph, network: networks.add(graph) };
      known.set(images, made);
      return made;
    };
    networkFor(1);
    return {
      title: component.name,
      reading: { reads: 'pixels', kinds: union?.kinds },
      blocks: unet,
      leavesUnprompted: poolsResults,
      async residuals(feeds, controls) {
        const runs = union ? [controls] : controls.map((each) => [each]);
        const sums: Record<string, Feed> = {};
        for (const each of runs) {
          const { network, graph } = networkFor(each.length);
          const told = { ...feeds, ...tellImages(feeds.sample!, unet.inputChannels, each, union?.kinds) };
          const own = Object.fromEntries(
            graph.inputs.flatMap(({ name }) => (told[name] ? [[name, told[name]]] : [])),
          );
          const shapes = residualShapes(graph, told.sample.shape);
          const made = await network.run(own, [...shapes.keys()]);
          // Of several images each is scaled inside of the network.
          const scale = each.length > 1 ? 1 : each[0]!.scale;
          for (const [index, [name, shape]] of [...shapes].entries()) {
            const factor = scale * (isSoft(each[0]!) && !poolsResults ? softness(index, shapes.size) : 1);
            addTo(sums, name, { data: made[name]!.map((value) => factor * value), shape });
          }
        }
        return sums;
      },
    };
  },
};

const isSoft = ({ emphasis = 'balanced' }: ReadControl): boolean => emphasis !== 'balanced';

/** From a tenth at the first layers to all at the last: what diffusers calls guess mode. */
const softness = (index: number, count: number): number => 10 ** (index / (count - 1) - 1);

function tellImages(
  sample: Feed,
  channels: number,
  controls: readonly ReadControl[],
  kinds: number | undefined,
): Record<string, Feed> & { readonly sample: Feed } {
  const [batch = 0] = sample.shape;
  const images = controls.map(({ image }, index) => [`image.${index}`, forBatch(image, batch)] as const);
  const own = { sample: firstChannels(sample, channels), ...Object.fromEntries(images) };
  if (kinds === undefined) return own;
  const numbers = controls.map(({ kind = 0 }) => kind);
  const row = Float32Array.from({ length: kinds }, (_, kind) => Number(numbers.includes(kind)));
  return {
    ...own,
    image_kinds: forBatch({ data: row, shape: [1, kinds] }, batch),
    kind_of_image: { data: BigInt64Array.from(numbers, BigInt), shape: [numbers.length] },
    image_scales: { data: Float32Array.from(controls, ({ scale }) => scale), shape: [controls.length] },
  };
}

/** Networks for inpainting read a mask and an image behind the latents, which no ControlNet sees. */
function firstChannels({ data, shape }: Feed, kept: number): Feed {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  if (channels === kept) return { data, shape };
  const [row, part] = [channels * height * width, kept * height * width];
  const values = new Float32Array(batch * part);
  for (let item = 0; item < batch; item++)
    values.set((data as Float32Array).subarray(item * row, item * row + part), item * part);
  return { data: values, shape: [batch, kept, height, width] };
}

function addTo(sums: Record<string, Feed>, name: string, { data, shape }: Feed): void {
  const sum = sums[name]?.data as Float32Array | undefined;
  sums[name] = { data: sum ? (data as Float32Array).map((value, at) => value + sum[at]!) : data, shape };
}

/** @throws ERR_MODEL_FILES_INVALID for a ControlNet of another model */
export function requireControlFit({ title, blocks }: UnetControlNet, unet: UnetConfig): void {
  const levels = ({ downLevels }: UnetConfig) =>
    downLevels.map(({ channels, layers }) => `${layers} of ${channels}`).join(', ');
  const texts = ({ contextWidth }: UnetConfig) => `reads text ${contextWidth} wide`;
  const misfit =
    texts(blocks) !== texts(unet)
      ? `it ${texts(blocks)}, and the model ${texts(unet)}`
      : levels(blocks) !== levels(unet)
        ? `its layers are ${levels(blocks)} channels, and the model's ${levels(unet)}`
        : Boolean(blocks.textTime) !== Boolean(unet.textTime)
          ? `it is told ${blocks.textTime ? 'sizes, and the model none' : 'no sizes, and the model is'}`
          : undefined;
  if (misfit === undefined) return;
  throw invalidFiles(
    `The ControlNet ${title} is for another model: ${misfit}.`,
    'Use one that was made for this model.',
  );
}
