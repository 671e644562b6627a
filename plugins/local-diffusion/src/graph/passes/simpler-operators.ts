import type { GraphNode } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import type { Replacement } from './replacement.js';

/** Writes a node in simpler ones; gives the name of the result. */
export type Write = (graph: Replacement, node: GraphNode) => string;

function numberOf({ attributes }: GraphNode, name: string): number | undefined {
  const value = attributes[name];
  if (typeof value === 'number') return value;
  return typeof value === 'object' && 'float' in value ? value.float : undefined;
}

/** softmax(q k / sqrt(head size)) v, the whole score matrix at once. */
export const attention: Write = (graph, node) => {
  const { query, key, value, bias } = attentionInputs(node.inputs);
  const heads = numberOf(node, 'num_heads') ?? 1;
  const scale = numberOf(node, 'scale') ?? 0;
  const split = graph.integers(0, 0, heads, -1);
  const queries = graph.node('Reshape', [query, split]);
  const q = graph.node('Transpose', [queries], { perm: [0, 2, 1, 3] });
  const k = graph.node('Transpose', [graph.node('Reshape', [key, split])], { perm: [0, 2, 3, 1] });
  const v = graph.node('Transpose', [graph.node('Reshape', [value, split])], { perm: [0, 2, 1, 3] });
  const size = graph.node('Cast', [graph.node('Shape', [queries], { start: 3 })], {
    to: elementTypes.float32,
  });
  const headSize = graph.like(size, query);
  // Scaled before the product: nothing grows beyond what the scores themselves are.
  const scaled =
    scale === 0
      ? graph.node('Div', [q, graph.node('Sqrt', [headSize])])
      : graph.node('Mul', [q, graph.number(scale, query)]);
  const scores = graph.node('MatMul', [scaled, k]);
  const isCausal = (numberOf(node, 'unidirectional') ?? 0) !== 0;
  const biased = bias ? graph.node('Add', [scores, bias]) : scores;
  const seen = isCausal ? graph.node('Add', [biased, laterTokens(graph, biased, query)]) : biased;
  const weighted = graph.node('MatMul', [graph.node('Softmax', [seen], { axis: -1 }), v]);
  const tokens = graph.node('Transpose', [weighted], { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [tokens, graph.integers(0, 0, -1)]);
};

/** A large negative number where a column is after its row, else 0. */
function laterTokens(graph: Replacement, scores: string, query: string): string {
  const size = graph.node('Shape', [scores], { start: 2 });
  const all = graph.node('Expand', [graph.number(-1e9, query), size]);
  return graph.node('Trilu', [all, graph.integers(1)], { upper: 1 });
}

export const layerNormalization: Write = (graph, node) => {
  const [x, weight, bias] = node.inputs;
  if (x === undefined || weight === undefined || (numberOf(node, 'axis') ?? -1) !== -1)
    throw new Error('this form of LayerNormalization cannot be decomposed');
  const last = graph.integers(-1);
  const centred = graph.node('Sub', [x, graph.node('ReduceMean', [x, last])]);
  const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred]), last]);
  const deviation = graph.node('Sqrt', [
    graph.node('Add', [variance, graph.number(numberOf(node, 'epsilon') ?? 1e-5, x)]),
  ]);
  const scaled = graph.node('Mul', [graph.node('Div', [centred, deviation]), weight]);
  return bias ? graph.node('Add', [scaled, bias]) : scaled;
};

export const rmsNormalization: Write = (graph, node) => {
  const [x = '', weight = ''] = node.inputs;
  if ((numberOf(node, 'axis') ?? -1) !== -1)
    throw new Error('this form of SimplifiedLayerNormalization cannot be decomposed');
  const mean = graph.node('ReduceMean', [graph.node('Mul', [x, x]), graph.integers(-1)]);
  const epsilon = graph.number(numberOf(node, 'epsilon') ?? 1e-5, x);
  const root = graph.node('Sqrt', [graph.node('Add', [mean, epsilon])]);
  return graph.node('Mul', [graph.node('Div', [x, root]), weight]);
};

export const quickGelu: Write = (graph, node) => {
  const [x = ''] = node.inputs;
  const scaled = graph.node('Mul', [x, graph.number(numberOf(node, 'alpha') ?? 1.702, x)]);
  return graph.node('Mul', [x, graph.node('Sigmoid', [scaled])]);
};

export const gelu: Write = (graph, { inputs: [x = ''] }) => {
  const erf = graph.node('Erf', [graph.node('Mul', [x, graph.number(Math.SQRT1_2, x)])]);
  const half = graph.node('Mul', [x, graph.number(0.5, x)]);
  return graph.node('Mul', [half, graph.node('Add', [erf, graph.number(1, x)])]);
};

/** x / 2 * (1 + tanh(x * (0.797885 + 0.035677 x^2))) */
export const fastGelu: Write = (graph, { inputs: [x = ''] }) => {
  const square = graph.node('Mul', [x, x]);
  const slope = graph.node('Add', [
    graph.node('Mul', [square, graph.number(0.044715 * Math.sqrt(2 / Math.PI), x)]),
    graph.number(Math.sqrt(2 / Math.PI), x),
  ]);
  const tangent = graph.node('Tanh', [graph.node('Mul', [x, slope])]);
  const half = graph.node('Mul', [x, graph.number(0.5, x)]);
  return graph.node('Mul', [half, graph.node('Add', [tangent, graph.number(1, x)])]);
};

/** Of neighbouring numbers (a, b): (a cos - b sin, a sin + b cos). */
export const rotation: Write = (graph, node) => {
  const [x = '', , cosines = '', sines = ''] = node.inputs;
  const heads = numberOf(node, 'num_heads') ?? 0;
  if (heads === 0) throw new Error('this form of RotaryEmbedding cannot be decomposed');
  // The two numbers of a pair are neighbours, or half a head apart.
  const areNeighbours = numberOf(node, 'interleaved') === 1;
  const axis = areNeighbours ? 4 : 3;
  const half = graph.node('Shape', [cosines], { start: 1 });
  const [own, two] = [graph.integers(0, 0, heads), graph.integers(2)];
  const shape = graph.node('Concat', areNeighbours ? [own, half, two] : [own, two, half], { axis: 0 });
  const pairs = graph.node('Reshape', [x, shape]);
  const each = (index: number) => graph.node('Gather', [pairs, graph.integers(index)], { axis });
  const perToken = (name: string) => {
    const rows = graph.node('Unsqueeze', [name, graph.integers(0, 2)]);
    return graph.node('Unsqueeze', [rows, graph.integers(axis)]);
  };
  const [cosine, sine] = [perToken(cosines), perToken(sines)];
  const times = (one: string, other: string) => graph.node('Mul', [one, other]);
  const first = graph.node('Sub', [times(each(0), cosine), times(each(1), sine)]);
  const second = graph.node('Add', [times(each(0), sine), times(each(1), cosine)]);
  const turned = graph.node('Concat', [first, second], { axis });
  return graph.node('Reshape', [turned, graph.node('Shape', [x])]);
};

/**
 * Of a table in float16, which a GPU may not know: converted whole, at load. In a graph of ours whatever
 * reads the result casts it to float32 itself.
 */
export const lookUp: Write = (graph, { inputs: [table = '', numbers = ''], outputs: [output = ''] }) => {
  const found = graph.node('Gather', [graph.node('Cast', [table], { to: elementTypes.float32 }), numbers]);
  return graph.knows(output) ? found : graph.node('CastLike', [found, table]);
};

function attentionInputs([query, key, value, own, mask, bias, ...others]: readonly string[]) {
  if (!query || !key || !value || own || mask || others.some((name) => name !== ''))
    throw new Error('this form of MultiHeadAttention cannot be decomposed');
  return { query, key, value, bias };
}
