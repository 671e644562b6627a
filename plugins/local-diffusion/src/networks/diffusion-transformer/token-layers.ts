import {
  geluTanh,
  joinTokens,
  type LinearShape,
  linear,
  linearRows,
  rmsNorm,
  tokensByImage,
} from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';

/** A linear layer over `x` [batch, tokens, inputs], giving [batch, tokens, outputs]. */
export function tokenLinear(graph: GraphBuilder, x: Value, path: string, shape: LinearShape): Value {
  const rows = linear(graph, joinTokens(graph, x, shape.inputs), path, shape);
  return tokensByImage(graph, rows, x, shape.outputs);
}

/**
 * Some rows of a linear layer, as {@link linearRows} cuts them out, over `x` [batch, tokens, inputs]: [batch,
 * tokens, rows].
 */
export function tokenRows(
  graph: GraphBuilder,
  x: Value,
  path: string,
  shape: LinearShape,
  rows: { readonly first: number; readonly count: number },
): Value {
  const result = linearRows(graph, joinTokens(graph, x, shape.inputs), path, shape, rows);
  return tokensByImage(graph, result, x, rows.count);
}

/** diffusers' `FeedForward` with "gelu-approximate": four times as wide inside. */
export function feedForward(graph: GraphBuilder, x: Value, path: string, width: number): Value {
  const inner = tokenLinear(graph, x, `${path}.net.0.proj`, { inputs: width, outputs: 4 * width });
  return tokenLinear(graph, geluTanh(graph, inner), `${path}.net.2`, { inputs: 4 * width, outputs: width });
}

export interface HeadNormShape {
  readonly heads: number;
  readonly headWidth: number;
  /** Absent: 1e-6. */
  readonly epsilon?: number;
}

/**
 * The heads of queries or keys, `x` [batch, tokens, heads * size], each normed by itself with the weight
 * `<path>.weight`.
 */
export function headNorm(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { heads, headWidth, epsilon = 1e-6 }: HeadNormShape,
): Value {
  const byHead = graph.node('Reshape', [x, graph.integers([0, 0, heads, headWidth])]);
  const normal = rmsNorm(graph, byHead, path, { width: headWidth, epsilon });
  return graph.node('Reshape', [normal, graph.integers([0, 0, heads * headWidth])]);
}
