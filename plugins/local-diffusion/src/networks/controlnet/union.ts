import type { Component } from '../../checkpoint/component.js';
import {
  attention,
  joinTokens,
  layerNorm,
  linear,
  linearRows,
  quickGelu,
} from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import { embeddingLayers, sinusoids } from '../unet/time-embedding.js';
import type { ControlNetConfig, UnionConfig } from './controlnet-config.js';

/** `torch.nn.MultiheadAttention` has one matrix for queries, keys and values, under a name of its own. */
export const withTorchNames = (component: Component): Component => ({
  ...component,
  tensors: new Map(
    [...component.tensors].map(([name, location]) => [name.replace('.in_proj_', '.in_proj.'), location]),
  ),
});

/** Declares which kinds of images there are, and embeds that like a timestep: [batch, timeWidth]. */
export function embedKinds(
  graph: GraphBuilder,
  { unet }: ControlNetConfig,
  { kinds, sinusoidSize }: UnionConfig,
): Value {
  const { cosineFirst, frequencyShift, timeWidth } = unet;
  const given = graph.input('image_kinds', 'float32', ['batch', kinds]);
  const each = sinusoids(graph, given, { width: sinusoidSize, cosineFirst, frequencyShift });
  const joined = graph.node('Reshape', [each, graph.integers([0, -1])]);
  const shape = { inputs: kinds * sinusoidSize, width: timeWidth };
  return embeddingLayers(graph, joined, 'control_add_embedding', shape);
}

/**
 * Several images to follow as one, [batch, channels, height, width]. Their means over all pixels and that of
 * the latents go through a small transformer, which says what is added to all pixels of each.
 *
 * @param latents what the first convolution makes of them
 * @param images embedded, in the same shape
 */
export function fuseImages(
  graph: GraphBuilder,
  latents: Value,
  images: readonly Value[],
  union: UnionConfig,
): Value {
  const { kinds, channels, outputs, layers } = union;
  const numbers = graph.input('kind_of_image', 'int64', [images.length]);
  const kindOf = graph.node('Gather', [graph.mount('task_embedding', [kinds, channels]), numbers]);
  const scales = images.length > 1 ? graph.input('image_scales', 'float32', [images.length]) : undefined;
  const scaleOf = (index: number) => scales && graph.node('Gather', [scales, graph.integers([index])]);
  const scaled = (value: Value, scale: Value | undefined) =>
    scale ? graph.node('Mul', [value, scale]) : value;
  const row = (value: Value) => graph.node('Unsqueeze', [value, graph.integers([0])]);
  const means = images.map((image, index) => {
    const kind = graph.node('Gather', [kindOf, graph.integers([index])]);
    return row(scaled(graph.node('Add', [meanOf(graph, image), kind]), scaleOf(index)));
  });
  let tokens = graph.node('Concat', [...means, row(meanOf(graph, latents))], { axis: 0 });
  for (let layer = 0; layer < layers; layer += 1)
    tokens = residualAttention(graph, tokens, `transformer_layes.${layer}`, union);
  const parts = images.map((image, index) => {
    const token = graph.node('Gather', [tokens, graph.integers([index], [])]);
    const shift = linear(graph, token, 'spatial_ch_projs', { inputs: channels, outputs });
    const everywhere = graph.node('Unsqueeze', [scaled(shift, scaleOf(index)), graph.integers([2, 3])]);
    return graph.node('Add', [scaled(image, scaleOf(index)), everywhere]);
  });
  return parts.reduce((sum, part) => graph.node('Add', [sum, part]));
}

/** Of each channel: [batch, channels, height, width] to [batch, channels]. */
const meanOf = (graph: GraphBuilder, features: Value): Value =>
  graph.node('Reshape', [
    graph.node('ReduceMean', [features, graph.integers([2, 3])]),
    graph.integers([0, -1]),
  ]);

/**
 * `ResidualAttentionBlock`: [tokens, batch, channels] to the same. As the library has it, and so as it was
 * trained, the items of a batch see one another, and those of one item do not.
 */
function residualAttention(
  graph: GraphBuilder,
  tokens: Value,
  path: string,
  { channels, heads }: UnionConfig,
): Value {
  const normal = (x: Value, name: string) =>
    layerNorm(graph, x, `${path}.${name}`, { width: channels, epsilon: 1e-5 });
  const apart = (rows: Value) => graph.node('Reshape', [rows, graph.node('Shape', [tokens])]);
  const shape = { inputs: channels, outputs: 3 * channels };
  const own = joinTokens(graph, normal(tokens, 'ln_1'), channels);
  const project = (part: number) => {
    const rows = { first: part * channels, count: channels };
    return apart(linearRows(graph, own, `${path}.attn.in_proj`, shape, rows));
  };
  const seen = attention(graph, { query: project(0), key: project(1), value: project(2), heads });
  const square = { inputs: channels, outputs: channels };
  const output = linear(graph, joinTokens(graph, seen, channels), `${path}.attn.out_proj`, square);
  const sum = graph.node('Add', [tokens, apart(output)]);
  const wide = { inputs: channels, outputs: 4 * channels };
  const hidden = joinTokens(graph, normal(sum, 'ln_2'), channels);
  const inner = quickGelu(graph, linear(graph, hidden, `${path}.mlp.c_fc`, wide));
  const narrow = { inputs: 4 * channels, outputs: channels };
  return graph.node('Add', [sum, apart(linear(graph, inner, `${path}.mlp.c_proj`, narrow))]);
}
