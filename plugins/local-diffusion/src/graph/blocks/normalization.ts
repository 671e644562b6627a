import type { GraphBuilder, Value } from '../builder.js';
import { changedBias, changedWeight } from './changed-weight.js';

export interface GroupNormShape {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
}

/**
 * torch.nn.GroupNorm over `x` [batch, channels, height, width] with the weights `<path>.weight` and
 * `<path>.bias`.
 *
 * Written as LayerNormalization over a view of one row a group: of the forms that ONNX Runtime's CPU provider
 * offers it is the fastest, and the most exact when a group's mean is large against its deviation (statistics
 * folded from ReduceSumSquare lose three digits at a mean of twelve deviations).
 */
export function groupNorm(graph: GraphBuilder, x: Value, path: string, shape: GroupNormShape): Value {
  const { channels, groups, epsilon } = shape;
  const rows = graph.node('Reshape', [x, graph.integers([0, groups, -1])]);
  const ones = graph.node('Expand', [graph.floats([1]), graph.node('Shape', [rows], { start: 2 })]);
  const normal = graph.node('LayerNormalization', [rows, ones], { epsilon: { float: epsilon }, axis: -1 });
  const image = graph.node('Reshape', [normal, graph.node('Shape', [x])]);
  const weight = changedWeight(graph, path, [channels, 1, 1]);
  const bias = changedBias(graph, path, [channels, 1, 1]);
  return graph.node('Add', [graph.node('Mul', [image, weight]), bias]);
}

/**
 * torch.nn.LayerNorm over the last axis of `x` [..., width] with the weights `<path>.weight` and
 * `<path>.bias`.
 */
export function layerNorm(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
): Value {
  const weights = [changedWeight(graph, path, [width]), changedBias(graph, path, [width])];
  return graph.node('LayerNormalization', [x, ...weights], { epsilon: { float: epsilon }, axis: -1 });
}

/**
 * torch.nn.RMSNorm over the last axis of `x` [..., width] with the weight `<path>.weight`: x divided by the
 * root of the mean of its squares (Zhang and Sennrich 2019, arXiv 1910.07467). ONNX Runtime has it among the
 * operators of ai.onnx.
 */
export function rmsNorm(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
): Value {
  const weight = graph.mount(`${path}.weight`, [width]);
  return graph.node('SimplifiedLayerNormalization', [x, weight], { epsilon: { float: epsilon }, axis: -1 });
}

/** torch.nn.LayerNorm over the last axis of `x` [..., width], without weights. */
export function plainLayerNorm(
  graph: GraphBuilder,
  x: Value,
  { width, epsilon }: { readonly width: number; readonly epsilon: number },
): Value {
  const ones = graph.node('Expand', [graph.floats([1]), graph.integers([width])]);
  return graph.node('LayerNormalization', [x, ones], { epsilon: { float: epsilon }, axis: -1 });
}
