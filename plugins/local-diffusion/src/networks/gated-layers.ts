import { silu } from '../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import { tokenLinear } from './diffusion-transformer/token-layers.js';

/** Names of the three layers below their path. */
export interface GatedLayerNames {
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

export interface GatedLayerShape {
  readonly width: number;
  readonly inner: number;
  readonly names: GatedLayerNames;
  /** Whether they add biases. Absent: they have none. */
  readonly bias?: boolean;
}

/**
 * Feed-forward layers of which one gates the other, SwiGLU (Shazeer 2020, arXiv 2002.05202): down(silu(gate
 * x) * up x), of `x` [batch, tokens, width].
 */
export function gatedLayers(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { width, inner, names, bias = false }: GatedLayerShape,
): Value {
  const widen = (name: string) =>
    tokenLinear(graph, x, `${path}.${name}`, { inputs: width, outputs: inner, bias });
  const gated = graph.node('Mul', [silu(graph, widen(names.gate)), widen(names.up)]);
  return tokenLinear(graph, gated, `${path}.${names.down}`, { inputs: inner, outputs: width, bias });
}
