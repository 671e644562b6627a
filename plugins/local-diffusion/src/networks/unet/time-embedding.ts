import { linear, silu } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';

export interface SinusoidShape {
  /** Even. */
  readonly width: number;
  /** Whether the cosines come first. */
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
}

const longestPeriod = 10_000;

/**
 * Sinusoids of numbers: [...] to [..., width].
 * Source: diffusers `get_timestep_embedding` (models/embeddings.py). The frequencies are rounded as torch
 * rounds them, since a timestep of 999 multiplies their error.
 */
export function sinusoids(graph: GraphBuilder, numbers: Value, shape: SinusoidShape): Value {
  const frequencies = sinusoidFrequencies(shape);
  const column = graph.node('Unsqueeze', [numbers, graph.integers([-1])]);
  const angles = graph.node('Mul', [column, graph.floats(frequencies)]);
  const [sine, cosine] = [graph.node('Sin', [angles]), graph.node('Cos', [angles])];
  return graph.node('Concat', shape.cosineFirst ? [cosine, sine] : [sine, cosine], { axis: -1 });
}

/** As torch rounds them. */
export function sinusoidFrequencies({ width, frequencyShift }: SinusoidShape): Float32Array {
  const half = width / 2;
  return Float32Array.from({ length: half }, (_, index) => {
    const exponent = Math.fround(Math.fround(-Math.log(longestPeriod)) * index);
    return Math.exp(Math.fround(exponent / Math.fround(half - frequencyShift)));
  });
}

/**
 * The two layers behind an embedding: [rows, inputs] to [rows, width].
 * Source: diffusers `TimestepEmbedding` (models/embeddings.py), act_fn "silu".
 */
export function embeddingLayers(
  graph: GraphBuilder,
  x: Value,
  path: string,
  {
    inputs,
    width,
    bias = true,
  }: { readonly inputs: number; readonly width: number; readonly bias?: boolean },
): Value {
  const hidden = silu(graph, linear(graph, x, `${path}.linear_1`, { inputs, outputs: width, bias }));
  return linear(graph, hidden, `${path}.linear_2`, { inputs: width, outputs: width, bias });
}
