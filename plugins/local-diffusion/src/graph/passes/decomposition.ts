import {
  type Attributes,
  type Graph,
  type GraphNode,
  type Initializer,
  type TensorType,
  typesIn,
} from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import { infer } from '../shapes/infer.js';
import type { Operand } from '../shapes/mismatch.js';

/** Operators that can also be written in simpler ones, by their names in ONNX. */
export const decomposableOperators = [
  'MultiHeadAttention',
  'LayerNormalization',
  'SimplifiedLayerNormalization',
  'QuickGelu',
  'Gelu',
  'FastGelu',
  'Gather',
] as const;
export type DecomposableOperator = (typeof decomposableOperators)[number];

/**
 * The same graph with every node of the given operators written in simpler ones of ai.onnx 18 and later, for
 * an execution provider that gets them wrong. Of look-ups those in tables of float16 are meant. Weights stay
 * where they lie.
 *
 * @throws Error for a node of a form that our graphs do not have (masks, other axes), and for a graph
 * of an older ai.onnx
 */
export function withoutOperators(graph: Graph, operators: ReadonlySet<DecomposableOperator>): Graph {
  const halves = new Set(graph.initializers.filter(({ type }) => type === 'float16').map(({ name }) => name));
  const wantedFor = ({ operator, inputs }: GraphNode): Write | undefined => {
    const known = decomposableOperators.find((each) => each === operator && operators.has(each));
    return known && (known !== 'Gather' || halves.has(inputs[0] ?? '')) ? writers[known] : undefined;
  };
  if (!graph.nodes.some(wantedFor)) return graph;
  if ((graph.operatorSets[''] ?? 0) < oldestOperators)
    throw new Error(
      `the network is written in ai.onnx ${graph.operatorSets['']}: ${oldestOperators} is needed`,
    );
  const types = typesIn(graph);
  const values = new Map(graph.values);
  const initializers = [...graph.initializers];
  const nodes = graph.nodes.flatMap((node) => {
    const write = wantedFor(node);
    if (!write) return [node];
    const replacement = new Replacement(node.outputs[0] ?? '', types);
    replacement.finish(write(replacement, node));
    initializers.push(...replacement.initializers);
    for (const [name, type] of replacement.values) values.set(name, type);
    return replacement.nodes;
  });
  return { ...graph, nodes, initializers, values };
}

/** ReduceMean takes its axes as an input since then. */
const oldestOperators = 18;

/**
 * Nodes under construction. Their names begin with that of the output which they make, so they clash with
 * none.
 */
class Replacement {
  readonly nodes: GraphNode[] = [];
  readonly initializers: Initializer[] = [];
  /** Of what the nodes make, where the graph says the types of what they are made of. */
  readonly values = new Map<string, TensorType>();
  readonly #output: string;
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #made = new Map<string, Operand>();

  constructor(output: string, types: ReadonlyMap<string, TensorType>) {
    this.#output = output;
    this.#types = types;
  }

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#add(operator, inputs, `${this.#output}/${this.nodes.length}`, attributes);
  }

  /** Gives the result the name that the rest of the graph reads. */
  finish(result: string): void {
    this.#add('Identity', [result], this.#output, {});
  }

  /** A number of the type that another tensor has. */
  number(value: number, other: string): string {
    const data = new Uint8Array(Float32Array.of(value).buffer);
    return this.like(this.#constant({ type: 'float32', shape: [], data }, [value]), other);
  }

  /** Numbers of float32 in the type that another tensor has, if that is another or not known. */
  like(numbers: string, other: string): string {
    return this.#operandOf(other)?.type === 'float32' ? numbers : this.node('CastLike', [numbers, other]);
  }

  /** Whether the graph says the type of a tensor. */
  knows(name: string): boolean {
    return this.#operandOf(name) !== undefined;
  }

  integers(...values: number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant({ type: 'int64', shape: [values.length], data }, values);
  }

  #add(operator: string, inputs: readonly string[], output: string, attributes: Attributes): string {
    this.nodes.push({ operator, domain: '', inputs, outputs: [output], attributes });
    const operands = inputs.map((name) => this.#operandOf(name));
    if (operands.every((each) => each !== undefined)) {
      const { type, shape, elements } = infer(operator, operands, attributes);
      this.#made.set(output, { name: output, type, shape, elements });
      this.values.set(output, { type, shape });
    }
    return output;
  }

  #operandOf(name: string): Operand | undefined {
    const type = this.#types.get(name);
    return this.#made.get(name) ?? (type && { name, ...type });
  }

  #constant(constant: Omit<Initializer, 'name'>, elements: readonly number[]): string {
    const name = `${this.#output}/constant/${this.initializers.length}`;
    this.initializers.push({ name, ...constant });
    this.#made.set(name, { name, type: constant.type, shape: constant.shape, elements });
    return name;
  }
}

type Write = (graph: Replacement, node: GraphNode) => string;

function numberOf({ attributes }: GraphNode, name: string): number | undefined {
  const value = attributes[name];
  if (typeof value === 'number') return value;
  return typeof value === 'object' && 'float' in value ? value.float : undefined;
}

/** softmax(q k / sqrt(head size)) v, the whole score matrix at once. */
const attention: Write = (graph, node) => {
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

const layerNormalization: Write = (graph, node) => {
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

const rmsNormalization: Write = (graph, node) => {
  const [x = '', weight = ''] = node.inputs;
  if ((numberOf(node, 'axis') ?? -1) !== -1)
    throw new Error('this form of SimplifiedLayerNormalization cannot be decomposed');
  const mean = graph.node('ReduceMean', [graph.node('Mul', [x, x]), graph.integers(-1)]);
  const epsilon = graph.number(numberOf(node, 'epsilon') ?? 1e-5, x);
  const root = graph.node('Sqrt', [graph.node('Add', [mean, epsilon])]);
  return graph.node('Mul', [graph.node('Div', [x, root]), weight]);
};

const quickGelu: Write = (graph, node) => {
  const [x = ''] = node.inputs;
  const scaled = graph.node('Mul', [x, graph.number(numberOf(node, 'alpha') ?? 1.702, x)]);
  return graph.node('Mul', [x, graph.node('Sigmoid', [scaled])]);
};

const gelu: Write = (graph, { inputs: [x = ''] }) => {
  const erf = graph.node('Erf', [graph.node('Mul', [x, graph.number(Math.SQRT1_2, x)])]);
  const half = graph.node('Mul', [x, graph.number(0.5, x)]);
  return graph.node('Mul', [half, graph.node('Add', [erf, graph.number(1, x)])]);
};

/** x / 2 * (1 + tanh(x * (0.797885 + 0.035677 x^2))) */
const fastGelu: Write = (graph, { inputs: [x = ''] }) => {
  const square = graph.node('Mul', [x, x]);
  const slope = graph.node('Add', [
    graph.node('Mul', [square, graph.number(0.044715 * Math.sqrt(2 / Math.PI), x)]),
    graph.number(Math.sqrt(2 / Math.PI), x),
  ]);
  const tangent = graph.node('Tanh', [graph.node('Mul', [x, slope])]);
  const half = graph.node('Mul', [x, graph.number(0.5, x)]);
  return graph.node('Mul', [half, graph.node('Add', [tangent, graph.number(1, x)])]);
};

/**
 * Of a table in float16, which a GPU may not know: converted whole, at load. In a graph of ours whatever
 * reads the result casts it to float32 itself.
 */
const lookUp: Write = (graph, { inputs: [table = '', numbers = ''], outputs: [output = ''] }) => {
  const found = graph.node('Gather', [graph.node('Cast', [table], { to: elementTypes.float32 }), numbers]);
  return graph.knows(output) ? found : graph.node('CastLike', [found, table]);
};

const writers: Readonly<Record<DecomposableOperator, Write>> = {
  MultiHeadAttention: attention,
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: rmsNormalization,
  QuickGelu: quickGelu,
  Gelu: gelu,
  FastGelu: fastGelu,
  Gather: lookUp,
};

function attentionInputs([query, key, value, own, mask, bias, ...others]: readonly string[]) {
  if (!query || !key || !value || own || mask || others.some((name) => name !== ''))
    throw new Error('this form of MultiHeadAttention cannot be decomposed');
  return { query, key, value, bias };
}
