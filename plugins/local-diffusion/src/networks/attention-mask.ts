import type { GraphBuilder, Value } from '../graph/builder.js';
import { elementTypes } from '../graph/onnx/element-types.js';

/** Far below any score, and within float16. */
const unseen = -60_000;

/** A mask [batch, tokens] of zeros and ones as what is added to scores: [batch, 1, 1, tokens]. */
export function maskBias(graph: GraphBuilder, mask: Value): Value {
  const seen = graph.node('Cast', [mask], { to: elementTypes.float32 });
  const hidden = graph.node('Sub', [graph.floats([1]), seen]);
  const bias = graph.node('Mul', [hidden, graph.floats([unseen])]);
  return graph.node('Unsqueeze', [bias, graph.integers([1, 2])]);
}

/**
 * What is added to scores so that a token sees itself and those before it, and none that a mask hides:
 * [batch, 1, tokens, tokens].
 *
 * @param numbers of the tokens, 0, 1 and so on: [tokens]
 * @param mask [batch, tokens], 1 for tokens that are seen
 */
export function causalBias(graph: GraphBuilder, numbers: Value, mask: Value): Value {
  const keys = graph.node('Unsqueeze', [numbers, graph.integers([0])]);
  const queries = graph.node('Unsqueeze', [numbers, graph.integers([1])]);
  const isLater = graph.node('Less', [queries, keys]);
  return graph.node('Where', [isLater, graph.floats([unseen]), maskBias(graph, mask)]);
}
