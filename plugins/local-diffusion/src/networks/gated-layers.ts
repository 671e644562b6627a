import { silu } from '../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import { tokenLinear } from './diffusion-transformer/token-layers.js';

/** Names of the three layers below their path. */
export interface GatedLayerNames {
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

/**
 * Feed-forward layers without biases of which one gates the other, SwiGLU (Shazeer 2020, arXiv 2002.05202):
 * down(silu(gate x) * up x), of `x` [batch, tokens, width].
 */
export function gatedLayers(
  graph: GraphBuilder,
  x: Value,
  path: string,
  {
    width,
    inner,
    names,
  }: { readonly width: number; readonly inner: number; readonly names: GatedLayerNames },
): Value {
  const widen = (name: string) =>
    tokenLinear(graph, x, `${path}.${name}`, { inputs: width, outputs: inner, bias: false });
  const gated = graph.node('Mul', [silu(graph, widen(names.gate)), widen(names.up)]);
  return tokenLinear(graph, gated, `${path}.${names.down}`, { inputs: inner, outputs: width, bias: false });
}
