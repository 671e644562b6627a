import {
  attention,
  gelu,
  geluTanh,
  type RotaryPairs,
  rotate,
  rotationBy,
  silu,
  upsampleTwice,
} from '../graph/blocks/blocks.js';
import { GraphBuilder, type Value } from '../graph/builder.js';
import { elementsIn, type Graph } from '../graph/graph.js';
import { elementTypes } from '../graph/onnx/element-types.js';
import type { DecomposableOperator } from '../graph/passes/decomposition.js';

/** A block as our graphs have it, small; its input is `x` and its output `y`. */
export interface SelfTestCase {
  readonly name: string;
  /** What can be written otherwise when it is wrong. Absent: then nothing can be done without it. */
  readonly operator?: DecomposableOperator;
  readonly graph: Graph;
  readonly shape: readonly number[];
}

/** Repeatable numbers, evenly spread between -1 and 1. */
export function spreadNumbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Makes weights of a shape, those of each call others. */
type Weights = (...shape: number[]) => Value;

/** Writes a block's operators over the input, with weights of its own. */
type Block = (graph: GraphBuilder, x: Value, weights: Weights) => Value;

/** Every dimension of the input is free, as in the networks: nothing is computed in advance. */
function write(shape: readonly number[], block: Block): Graph {
  const graph = new GraphBuilder({ name: 'self-test', configFile: 'none', config: {}, tensors: new Map() });
  const x = graph.input(
    'x',
    'float32',
    shape.map((_, axis) => `x_${axis}`),
  );
  let seed = 2;
  const weights: Weights = (...size) => {
    const fanIn = elementsIn(size.slice(1));
    const numbers = spreadNumbers(elementsIn(size), seed).map((value) => value / Math.sqrt(fanIn));
    seed += 1;
    return graph.floats(numbers, size);
  };
  graph.output('y', block(graph, x, weights));
  return graph.finish();
}

const needed = (name: string, shape: readonly number[], block: Block): SelfTestCase => ({
  name,
  graph: write(shape, block),
  shape,
});

const replaceable = (
  operator: DecomposableOperator,
  shape: readonly number[],
  block: Block,
  name: string = operator,
): SelfTestCase => ({ ...needed(name, shape, block), operator });

/** Queries, keys and values differ: each is a row of weights times the input. */
function rotationCase(pairs: RotaryPairs): SelfTestCase {
  const block: Block = (graph, x) => {
    const positions = Array.from({ length: 3 * 40 }, (_, index) => index % 7);
    const rotation = rotationBy(graph, graph.floats(positions, [40, 3]), [8, 12, 12], 10_000);
    return rotate(graph, x, rotation, 2, pairs);
  };
  return replaceable('RotaryEmbedding', [1, 40, 64], block, `rotation of ${pairs}`);
}

function attentionCase(
  name: string,
  tokens: number,
  heads: number,
  size: number,
  { causal = false, biased = false } = {},
): SelfTestCase {
  const width = heads * size;
  const block: Block = (graph, x, weights) => {
    const [query, key, value] = [0, 1, 2].map(() => graph.node('MatMul', [x, weights(width, width)]));
    const bias = biased ? { bias: weights(1, heads, tokens, tokens), scale: 1 } : {};
    return attention(graph, { query: query!, key: key!, value: value!, heads, causal, ...bias });
  };
  return replaceable('MultiHeadAttention', [2, tokens, width], block, name);
}

const picture = [1, 32, 20, 28];
const convolve = (graph: GraphBuilder, x: Value, weights: readonly Value[], stride: number): Value =>
  graph.node('Conv', [x, ...weights], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    strides: [stride, stride],
  });

/** Rows of a table in float16, as text encoders look them up; the input's numbers become those of rows. */
const lookUp: Block = (graph, x) => {
  const positive = graph.node('Abs', [graph.node('Mul', [x, graph.floats([15.5])])]);
  const numbers = graph.node('Cast', [positive], { to: elementTypes.int64 });
  // Halves from 1.0 on, each the next that can be told apart.
  const bits = Uint16Array.from({ length: 16 * 8 }, (_, index) => 0x3c00 + index);
  const found = graph.node('Gather', [graph.halves(bits, [16, 8]), numbers]);
  return graph.node('Cast', [found], { to: elementTypes.float32 });
};

/** The blocks that are tested, the ones which nothing works without first. */
export const selfTestCases: readonly SelfTestCase[] = [
  needed('convolution', picture, (graph, x, weights) =>
    convolve(graph, x, [weights(48, 32, 3, 3), weights(48)], 1),
  ),
  needed('halving convolution', picture, (graph, x, weights) =>
    convolve(graph, x, [weights(48, 32, 3, 3), weights(48)], 2),
  ),
  needed('matrix product', [77, 160], (graph, x, weights) =>
    graph.node('Add', [graph.node('Gemm', [x, weights(320, 160)], { transB: 1 }), weights(320)]),
  ),
  needed('enlargement', picture, (graph, x) => upsampleTwice(graph, x)),
  replaceable('LayerNormalization', [2, 77, 640], (graph, x, weights) =>
    graph.node('LayerNormalization', [x, weights(640), weights(640)], {
      epsilon: { float: 1e-5 },
      axis: -1,
    }),
  ),
  replaceable('SimplifiedLayerNormalization', [2, 77, 640], (graph, x, weights) =>
    graph.node('SimplifiedLayerNormalization', [x, weights(640)], { epsilon: { float: 1e-6 }, axis: -1 }),
  ),
  replaceable('QuickGelu', picture, (graph, x) => silu(graph, x)),
  replaceable('Gelu', picture, (graph, x) => gelu(graph, x)),
  replaceable('FastGelu', picture, (graph, x) => geluTanh(graph, x)),
  rotationCase('neighbours'),
  rotationCase('halves'),
  replaceable('Gather', [2, 40], lookUp, 'half-precision table'),
  attentionCase('attention in heads of 40', 100, 4, 40),
  attentionCase('attention in heads of 64', 100, 2, 64),
  attentionCase('attention to earlier tokens', 77, 4, 32, { causal: true }),
  attentionCase('attention with a bias', 77, 4, 32, { biased: true }),
];

/**
 * Two convolutions and two linear layers as a UNet has many, 5.5 GFLOP, between narrow ones that no precision
 * changes.
 */
export const int8SpeedCase: SelfTestCase = needed('int8 speed', [1, 8, 32, 32], (graph, x, weights) => {
  const wide = [weights(320, 8, 3, 3), weights(320, 320, 3, 3), weights(320, 320, 3, 3)];
  const convolved = wide.reduce((value, weight) => convolve(graph, value, [weight], 1), x);
  const last = graph.node('Transpose', [convolved], { perm: [0, 2, 3, 1] });
  const tokens = graph.node('Reshape', [last, graph.integers([-1, 320])]);
  const layers = [weights(1280, 320), weights(320, 1280), weights(8, 320)];
  return layers.reduce((value, weight) => graph.node('Gemm', [value, weight], { transB: 1 }), tokens);
});

/** Four convolutions in a row over a square of that edge: 0.3 GFLOP for 16, 4.8 for 64. */
export const speedCase = (edge: number): SelfTestCase =>
  needed('speed', [1, 128, edge, edge], (graph, x, weights) => {
    const w = weights(128, 128, 3, 3);
    return [0, 1, 2, 3].reduce((value) => convolve(graph, value, [w], 1), x);
  });
