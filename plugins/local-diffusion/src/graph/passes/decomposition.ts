import {
  type Attribute,
  type ElementType,
  elementTypes,
  encodeModel,
  type InitializerDescription,
  type NodeDescription,
} from '../onnx/onnx.js';

/** Operators that can also be written in simpler ones, by their names in the file. */
export const decomposableOperators = [
  'MultiHeadAttention',
  'LayerNormalization',
  'QuickGelu',
  'Gelu',
  'Gather',
] as const;
export type DecomposableOperator = (typeof decomposableOperators)[number];

/** A node to be replaced; the numbers are its attributes, integer or float. */
export interface FusedNode {
  readonly operator: DecomposableOperator;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Nodes under construction. Their names begin with that of the output which they make, so they clash with none. */
class Replacement {
  readonly nodes: NodeDescription[] = [];
  readonly initializers: InitializerDescription[] = [];
  readonly #output: string;

  constructor(output: string) {
    this.#output = output;
  }

  node(operator: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const name = `${this.#output}/${this.nodes.length}`;
    this.nodes.push({ operator, domain: '', inputs, outputs: [name], attributes });
    return name;
  }

  number(value: number): string {
    return this.#constant('float32', new Uint8Array(Float32Array.of(value).buffer), []);
  }

  integers(...values: number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant('int64', data, [values.length]);
  }

  #constant(type: ElementType, data: Uint8Array, shape: readonly number[]): string {
    const name = `${this.#output}/constant/${this.initializers.length}`;
    this.initializers.push({ name, type, shape, data });
    return name;
  }
}

/**
 * An ONNX model whose nodes compute what the fused node computes, in operators of ai.onnx 18 and later.
 *
 * @throws Error for a form of the node that our graphs do not have (masks, biases, other axes)
 */
export function decompose(fused: FusedNode): Uint8Array {
  const replacement = new Replacement(fused.output);
  const result = writers[fused.operator](replacement, fused);
  const output = { operator: 'Identity', domain: '', inputs: [result], outputs: [fused.output] };
  return encodeModel({
    name: 'decomposed',
    nodes: [...replacement.nodes, { ...output, attributes: {} }],
    initializers: replacement.initializers,
    inputs: [],
    outputs: [],
    operatorSets: {},
  });
}

type Write = (graph: Replacement, node: FusedNode) => string;

/** softmax(q k / sqrt(head size)) v, the whole score matrix at once. */
const attention: Write = (graph, { inputs, numbers }) => {
  const [query, key, value] = threeInputs(inputs);
  const { num_heads: heads = 1, unidirectional = 0, scale = 0 } = numbers;
  const split = graph.integers(0, 0, heads, -1);
  const queries = graph.node('Reshape', [query, split]);
  const q = graph.node('Transpose', [queries], { perm: [0, 2, 1, 3] });
  const k = graph.node('Transpose', [graph.node('Reshape', [key, split])], { perm: [0, 2, 3, 1] });
  const v = graph.node('Transpose', [graph.node('Reshape', [value, split])], { perm: [0, 2, 1, 3] });
  const headSize = graph.node('Cast', [graph.node('Shape', [queries], { start: 3 })], {
    to: elementTypes.float32,
  });
  // Scaled before the product: nothing grows beyond what the scores themselves are.
  const scaled =
    scale === 0
      ? graph.node('Div', [q, graph.node('Sqrt', [headSize])])
      : graph.node('Mul', [q, graph.number(scale)]);
  const scores = graph.node('MatMul', [scaled, k]);
  const seen = unidirectional === 0 ? scores : graph.node('Add', [scores, laterTokens(graph, scores)]);
  const weighted = graph.node('MatMul', [graph.node('Softmax', [seen], { axis: -1 }), v]);
  const tokens = graph.node('Transpose', [weighted], { perm: [0, 2, 1, 3] });
  return graph.node('Reshape', [tokens, graph.integers(0, 0, -1)]);
};

/** A large negative number where a column is after its row, else 0. */
function laterTokens(graph: Replacement, scores: string): string {
  const size = graph.node('Shape', [scores], { start: 2 });
  const all = graph.node('Expand', [graph.number(-1e9), size]);
  return graph.node('Trilu', [all, graph.integers(1)], { upper: 1 });
}

const layerNormalization: Write = (graph, { inputs, numbers }) => {
  const [x, weight, bias] = inputs;
  if (x === undefined || weight === undefined || numbers.axis !== -1)
    throw new Error('this form of LayerNormalization cannot be decomposed');
  const last = graph.integers(-1);
  const centred = graph.node('Sub', [x, graph.node('ReduceMean', [x, last])]);
  const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred]), last]);
  const deviation = graph.node('Sqrt', [
    graph.node('Add', [variance, graph.number(numbers.epsilon ?? 1e-5)]),
  ]);
  const scaled = graph.node('Mul', [graph.node('Div', [centred, deviation]), weight]);
  return bias ? graph.node('Add', [scaled, bias]) : scaled;
};

const quickGelu: Write = (graph, { inputs: [x = ''], numbers: { alpha = 1.702 } }) =>
  graph.node('Mul', [x, graph.node('Sigmoid', [graph.node('Mul', [x, graph.number(alpha)])])]);

const gelu: Write = (graph, { inputs: [x = ''] }) => {
  const erf = graph.node('Erf', [graph.node('Mul', [x, graph.number(Math.SQRT1_2)])]);
  const half = graph.node('Mul', [x, graph.number(0.5)]);
  return graph.node('Mul', [half, graph.node('Add', [erf, graph.number(1)])]);
};

/** Of a table in float16, which a GPU may not know: converted whole, at load. Whatever reads the result casts it to float32 itself. */
const lookUp: Write = (graph, { inputs: [table = '', numbers = ''] }) =>
  graph.node('Gather', [graph.node('Cast', [table], { to: elementTypes.float32 }), numbers]);

const writers: Readonly<Record<DecomposableOperator, Write>> = {
  MultiHeadAttention: attention,
  LayerNormalization: layerNormalization,
  QuickGelu: quickGelu,
  Gelu: gelu,
  Gather: lookUp,
};

function threeInputs(inputs: readonly string[]): [string, string, string] {
  const [query, key, value, ...others] = inputs;
  if (!query || !key || !value || others.some((name) => name !== ''))
    throw new Error('this form of MultiHeadAttention cannot be decomposed');
  return [query, key, value];
}
