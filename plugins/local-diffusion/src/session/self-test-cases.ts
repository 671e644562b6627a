import {
  elementTypes,
  encodeModel,
  type InitializerDescription,
  type NodeDescription,
} from '../graph/onnx/onnx.js';
import type { DecomposableOperator } from '../graph/passes/decomposition.js';

/** A block as our graphs have it, small; its input is `x` and its output `y`. */
export interface SelfTestCase {
  readonly name: string;
  /** What can be written otherwise when it is wrong. Absent: then nothing can be done without it. */
  readonly operator?: DecomposableOperator;
  readonly model: Uint8Array;
  readonly shape: readonly number[];
}

type Weights = Readonly<Record<string, readonly number[]>>;

/** Repeatable numbers, evenly spread between -1 and 1. */
export function spreadNumbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

const floatBytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const node = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeDescription['attributes'] = {},
): NodeDescription => ({
  operator,
  domain: ['MultiHeadAttention', 'QuickGelu', 'Gelu'].includes(operator) ? 'com.microsoft' : '',
  inputs,
  outputs: [output],
  attributes,
});

/** Every dimension of the input is free, as in the networks: nothing is computed in advance. */
function write(
  nodes: readonly NodeDescription[],
  shape: readonly number[],
  weights: Weights,
  constants: readonly InitializerDescription[] = [],
): Uint8Array {
  const initializers = Object.entries(weights).map(([name, size], index) => {
    const fanIn = sizeOf(size.slice(1));
    const data = spreadNumbers(sizeOf(size), index + 2).map((value) => value / Math.sqrt(fanIn));
    return { name, type: 'float32' as const, shape: size, data: new Uint8Array(data.buffer) };
  });
  return encodeModel({
    name: 'self-test',
    nodes,
    initializers: [
      ...initializers,
      ...constants,
      { name: 'twice', type: 'float32', shape: [4], data: floatBytes(1, 1, 2, 2) },
    ],
    inputs: [{ name: 'x', type: 'float32', shape: shape.map((_, axis) => `x_${axis}`) }],
    outputs: [{ name: 'y', type: 'float32', shape: shape.map((_, axis) => `y_${axis}`) }],
    operatorSets: { '': 20, 'com.microsoft': 1 },
  });
}

/** Queries, keys and values differ: each is a row of weights times the input. */
function attention(name: string, tokens: number, heads: number, size: number, causal: 0 | 1): SelfTestCase {
  const width = heads * size;
  const operands = ['q', 'k', 'v'];
  const nodes = [
    ...operands.map((each) => node('MatMul', ['x', `w${each}`], each)),
    node('MultiHeadAttention', operands, 'y', { num_heads: heads, unidirectional: causal }),
  ];
  const weights = Object.fromEntries(operands.map((each) => [`w${each}`, [width, width]]));
  const shape = [2, tokens, width];
  return { name, operator: 'MultiHeadAttention', model: write(nodes, shape, weights), shape };
}

const alone = (
  operator: DecomposableOperator,
  shape: readonly number[],
  inputs: Weights,
  attributes: NodeDescription['attributes'],
): SelfTestCase => ({
  name: operator,
  operator,
  model: write([node(operator, ['x', ...Object.keys(inputs)], 'y', attributes)], shape, inputs),
  shape,
});

const needed = (
  name: string,
  shape: readonly number[],
  weights: Weights,
  nodes: readonly NodeDescription[],
): SelfTestCase => ({ name, model: write(nodes, shape, weights), shape });

const sides = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
const picture = [1, 32, 20, 28];

/** Rows of a table in float16, as text encoders look them up; the input's numbers become those of rows. */
function lookUp(): SelfTestCase {
  const nodes = [
    node('Mul', ['x', 'rows'], 'scaled'),
    node('Abs', ['scaled'], 'positive'),
    node('Cast', ['positive'], 'numbers', { to: elementTypes.int64 }),
    node('Gather', ['table', 'numbers'], 'found'),
    node('Cast', ['found'], 'y', { to: elementTypes.float32 }),
  ];
  // Halves from 1.0 on, each the next that can be told apart.
  const halves = Uint16Array.from({ length: 16 * 8 }, (_, index) => 0x3c00 + index);
  const table = {
    name: 'table',
    type: 'float16' as const,
    shape: [16, 8],
    data: new Uint8Array(halves.buffer),
  };
  const rows = { name: 'rows', type: 'float32' as const, shape: [1], data: floatBytes(15.5) };
  const [shape, operator] = [[2, 40], 'Gather' as const];
  return { name: 'half-precision table', operator, model: write(nodes, shape, {}, [table, rows]), shape };
}

/** The blocks that are tested, the ones which nothing works without first. */
export const selfTestCases: readonly SelfTestCase[] = [
  needed('convolution', picture, { w: [48, 32, 3, 3], b: [48] }, [
    node('Conv', ['x', 'w', 'b'], 'y', { ...sides, strides: [1, 1] }),
  ]),
  needed('halving convolution', picture, { w: [48, 32, 3, 3], b: [48] }, [
    node('Conv', ['x', 'w', 'b'], 'y', { ...sides, strides: [2, 2] }),
  ]),
  needed('matrix product', [77, 160], { w: [320, 160], b: [320] }, [
    node('Gemm', ['x', 'w'], 'product', { transB: 1 }),
    node('Add', ['product', 'b'], 'y'),
  ]),
  needed('enlargement', picture, {}, [
    node('Resize', ['x', '', 'twice'], 'y', {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }),
  ]),
  alone('LayerNormalization', [2, 77, 640], { w: [640], b: [640] }, { epsilon: { float: 1e-5 }, axis: -1 }),
  alone('QuickGelu', picture, {}, { alpha: { float: 1 } }),
  alone('Gelu', picture, {}, {}),
  lookUp(),
  attention('attention in heads of 40', 100, 4, 40, 0),
  attention('attention in heads of 64', 100, 2, 64, 0),
  attention('attention to earlier tokens', 77, 4, 32, 1),
];

/** Four convolutions in a row over a square of that edge: 0.3 GFLOP for 16, 4.8 for 64. */
export function speedCase(edge: number): SelfTestCase {
  const names = ['x', 'a', 'b', 'c', 'y'];
  const nodes = names
    .slice(1)
    .map((output, index) => node('Conv', [names[index]!, 'w'], output, { ...sides, strides: [1, 1] }));
  return needed('speed', [1, 128, edge, edge], { w: [128, 128, 3, 3] }, nodes);
}
