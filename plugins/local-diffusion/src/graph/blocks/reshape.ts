import type { GraphBuilder, Value } from '../builder.js';

/** A value in another shape of as many numbers. */
export const reshape = (graph: GraphBuilder, value: Value, shape: readonly number[]): Value =>
  graph.node('Reshape', [value, graph.integers(shape)]);
