import type { GraphBuilder, Value } from '../builder.js';

/**
 * Cosines and sines of the angles by which pairs of numbers are turned: [tokens, half the size of a head]
 * each.
 */
export interface Rotation {
  readonly cosines: Value;
  readonly sines: Value;
}

/**
 * The angles of rotary embeddings (Su et al. 2021, arXiv 2104.09864) for positions on several axes, of which
 * each has its share of a head.
 *
 * @param positions [tokens, axes]
 * @param widths numbers of a head that each axis turns, all even
 */
export function rotationBy(
  graph: GraphBuilder,
  positions: Value,
  widths: readonly number[],
  base: number,
): Rotation {
  const half = widths.reduce((sum, width) => sum + width / 2, 0);
  const frequencies = new Float32Array(widths.length * half);
  let start = 0;
  for (const [axis, width] of widths.entries()) {
    for (let pair = 0; pair < width / 2; pair += 1)
      frequencies[axis * half + start + pair] = base ** ((-2 * pair) / width);
    start += width / 2;
  }
  return turnedBy(graph, positions, frequencies, [widths.length, half]);
}

/**
 * The same where all axes share one row of frequencies, of which each has those of its section (Wang et al.
 * 2024, arXiv 2409.12191).
 *
 * @param positions [tokens, axes]
 * @param sections how many of the frequencies each axis has; together half of a head
 */
export function rotationBySections(
  graph: GraphBuilder,
  positions: Value,
  sections: readonly number[],
  base: number,
): Rotation {
  const half = sections.reduce((sum, each) => sum + each, 0);
  const frequencies = new Float32Array(sections.length * half);
  let pair = 0;
  for (const [axis, count] of sections.entries()) {
    for (const end = pair + count; pair < end; pair += 1)
      frequencies[axis * half + pair] = base ** (-pair / half);
  }
  return turnedBy(graph, positions, frequencies, [sections.length, half]);
}

/**
 * @param frequencies [axes, half the size of a head], 0 but for one axis in each column, so that the product
 * adds nothing to it
 */
function turnedBy(
  graph: GraphBuilder,
  positions: Value,
  frequencies: Float32Array,
  shape: readonly number[],
): Rotation {
  const angles = graph.node('MatMul', [positions, graph.floats(frequencies, shape)]);
  return { cosines: graph.node('Cos', [angles]), sines: graph.node('Sin', [angles]) };
}

/** Which numbers of a head are turned together: neighbours, or those half a head apart. */
export type RotaryPairs = 'neighbours' | 'halves';

/** Turns each pair of numbers of `x` [batch, tokens, heads * size], in each head alike. */
export function rotate(
  graph: GraphBuilder,
  x: Value,
  { cosines, sines }: Rotation,
  heads: number,
  pairs: RotaryPairs = 'neighbours',
): Value {
  return graph.contrib('RotaryEmbedding', [x, graph.integers([0]), cosines, sines], {
    interleaved: Number(pairs === 'neighbours'),
    num_heads: heads,
  });
}
