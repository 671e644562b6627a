import type { GraphBuilder, Value } from '../builder.js';

/**
 * The pixels of `image` [batch, channels, height, width] as one matrix [batch * height * width, channels].
 */
export function imageToTokens(graph: GraphBuilder, image: Value, channels: number): Value {
  const last = graph.node('Transpose', [image], { perm: [0, 2, 3, 1] });
  return graph.node('Reshape', [last, graph.integers([-1, channels])]);
}

/**
 * Undoes {@link imageToTokens}; `like` is an image of the same batch, height and width, of any number of
 * channels.
 */
export function tokensToImage(graph: GraphBuilder, tokens: Value, like: Value, channels: number): Value {
  const batch = graph.node('Shape', [like], { start: 0, end: 1 });
  const size = graph.node('Shape', [like], { start: 2, end: 4 });
  const shape = graph.node('Concat', [batch, size, graph.integers([channels])], { axis: 0 });
  return graph.node('Transpose', [graph.node('Reshape', [tokens, shape])], { perm: [0, 3, 1, 2] });
}

/** Splits `tokens` [batch * n, width] by image: [batch, n, width], the batch being that of `like`. */
export function tokensByImage(graph: GraphBuilder, tokens: Value, like: Value, width: number): Value {
  const shape = graph.once(`[batch of ${like.name}, -1, ${width}]`, () => {
    const batch = graph.node('Shape', [like], { start: 0, end: 1 });
    return graph.node('Concat', [batch, graph.integers([-1, width])], { axis: 0 });
  });
  return graph.node('Reshape', [tokens, shape]);
}

/** Undoes {@link tokensByImage}: one matrix [batch * n, width]. */
export function joinTokens(graph: GraphBuilder, tokens: Value, width: number): Value {
  return graph.node('Reshape', [tokens, graph.integers([-1, width])]);
}

/** Tokens of both, the first's before the other's: [batch, tokens, width] each. */
export const appendTokens = (graph: GraphBuilder, first: Value, other: Value): Value =>
  graph.node('Concat', [first, other], { axis: 1 });

/** Undoes {@link appendTokens}: `first` [batch, tokens, ...] has as many tokens as the first part. */
export function partTokens(graph: GraphBuilder, tokens: Value, first: Value): readonly [Value, Value] {
  const [start, axis] = [graph.node('Shape', [first], { start: 1, end: 2 }), graph.integers([1])];
  const end = graph.node('Shape', [tokens], { start: 1, end: 2 });
  return [
    graph.node('Slice', [tokens, graph.integers([0]), start, axis]),
    graph.node('Slice', [tokens, start, end, axis]),
  ];
}
