import { z } from 'zod';
import type { ParsedParametersText } from '../parameters-text.js';
import { objectOf, textOf } from './flat-settings.js';

const nodeSchema = z.looseObject({ class_type: z.string(), inputs: z.record(z.string(), z.unknown()) });
type Node = z.output<typeof nodeSchema>;
type Graph = ReadonlyMap<string, Node>;

/** Nodes that are looked at from one of them; graphs in the field have hundreds. */
const mostNodes = 2_000;
/** Inputs of nodes that have words, the most telling first. */
const wordInputs = ['text', 'text_g', 't5xxl', 'clip_l', 'text_l', 'prompt', 'value', 'string'] as const;

/** The graph that ComfyUI writes as `prompt`; undefined where a text is none. */
export function graphOf(text: string | undefined): Graph | undefined {
  const parsed = Object.entries(objectOf(text) ?? {}).map(
    ([id, node]) => [id, nodeSchema.safeParse(node).data] as const,
  );
  const nodes = parsed.flatMap(([id, node]) => (node ? [[id, node] as const] : []));
  return nodes.length > 0 && nodes.length === parsed.length ? new Map(nodes) : undefined;
}

/**
 * What a graph of ComfyUI's makes, as far as it can be told from the nodes that its sampler takes from. Of
 * several samplers it is the one that takes from no other: the first pass.
 */
export function readGraph(graph: Graph): ParsedParametersText {
  const samplers = [...graph.values()].filter(isSampler);
  const emptyOf = (node: Node) =>
    upstream(graph, node, ['latent_image']).find(({ class_type }) => /^Empty.*Latent/.test(class_type));
  const sampler =
    samplers.find((node) => upstream(graph, node, ['latent_image']).every((other) => !isSampler(other))) ??
    samplers[0];
  const values = new Map<string, string>();
  if (!sampler) return { prompt: '', negativePrompt: '', values };
  const all = upstream(graph, sampler);
  const set = (key: string, ...names: string[]) => {
    const value = nearest(all, names);
    if (value !== undefined) values.set(key, textOf(value));
  };
  set('Steps', 'steps');
  set('Sampler', 'sampler_name');
  set('Schedule type', 'scheduler');
  // Where a model reads its guidance itself, it stands in a node of its own, and `cfg` is 1.
  set('CFG scale', 'guidance', 'cfg');
  set('Seed', 'seed', 'noise_seed');
  set('Model', 'ckpt_name', 'unet_name');
  const { width, height } = emptyOf(sampler)?.inputs ?? {};
  if (typeof width === 'number' && typeof height === 'number') values.set('Size', `${width}x${height}`);
  const denoise = nearest(all, ['denoise']);
  if (denoise !== undefined && denoise !== 1) values.set('denoise', textOf(denoise));
  for (const { inputs, class_type } of all) {
    if (typeof inputs.lora_name === 'string') values.set(`LoRA (${inputs.lora_name})`, '');
    if (/ControlNet.*Apply|IPAdapter/.test(class_type)) values.set(class_type, '');
  }
  if (samplers.length > 1) values.set(`${samplers.length - 1} more samplers`, '');
  return {
    prompt: wordsOf(graph, sampler, ['positive', 'conditioning', 'guider']),
    negativePrompt: wordsOf(graph, sampler, ['negative']),
    values,
  };
}

const isSampler = ({ class_type, inputs }: Node): boolean =>
  /^(KSampler|KSamplerAdvanced|SamplerCustom|SamplerCustomAdvanced)$/.test(class_type) ||
  ('positive' in inputs && 'steps' in inputs && 'latent_image' in inputs);

/** The node that an input takes from: a link is the id of a node and the number of its output. */
function linked(graph: Graph, input: unknown): Node | undefined {
  const [id] = Array.isArray(input) ? input : [];
  return id === undefined ? undefined : graph.get(String(id));
}

/**
 * A node and those that it takes from, the nearest first; through some of its own inputs alone, where they
 * are named.
 */
function upstream(graph: Graph, from: Node, names?: readonly string[]): Node[] {
  const found = new Set<Node>(names ? [] : [from]);
  const first = Object.entries(from.inputs).filter(([name]) => names?.includes(name) ?? true);
  const waiting = first.map(([, input]) => linked(graph, input));
  while (waiting.length > 0 && found.size < mostNodes) {
    const node = waiting.shift();
    if (!node || found.has(node)) continue;
    found.add(node);
    waiting.push(...Object.values(node.inputs).map((input) => linked(graph, input)));
  }
  return [...found];
}

/** The first value of one of the names, the names in their order; not one that is taken from another node. */
function nearest(nodes: readonly Node[], names: readonly string[]): unknown {
  for (const name of names) {
    const node = nodes.find(({ inputs }) => ['string', 'number'].includes(typeof inputs[name]));
    if (node) return node.inputs[name];
  }
  return undefined;
}

/** The words that an input's conditioning is made of. What is zeroed has none. */
function wordsOf(graph: Graph, sampler: Node, names: readonly string[]): string {
  const guider = linked(graph, sampler.inputs.guider) ?? sampler;
  for (const node of upstream(graph, guider, names)) {
    if (node.class_type === 'ConditioningZeroOut') return '';
    for (const name of wordInputs) {
      const value = node.inputs[name];
      if (typeof value === 'string' && value.trim() !== '') return value.trim();
    }
  }
  return '';
}
