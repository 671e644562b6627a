import type { Graph } from '../graph/graph.js';
import { operatorSets } from '../graph/graph.js';
import { elementTypes } from '../graph/onnx/element-types.js';
import { Network } from './network.js';

const [rows, width, count] = [4, 64, 16];
const [activation, zeroPoint, weight] = [255, 128, 127];

let known: Promise<boolean> | undefined;

/**
 * Whether sums of int8 products are whole on this processor. Those of x86 without VNNI add pairs of them in
 * 16 bits, which the largest codes do not fit into. Found by one product of the largest, once in a process.
 */
export function sumsInt8Exactly(): Promise<boolean> {
  known ??= tryLargest();
  return known;
}

async function tryLargest(): Promise<boolean> {
  const network = await Network.open(largestProducts);
  try {
    const { y } = await network.run(
      { x: { data: new Float32Array(rows * width).fill(activation), shape: [rows, width] } },
      ['y'],
    );
    return y.every((sum) => sum === width * (activation - zeroPoint) * weight);
  } finally {
    await network.release();
  }
}

const scalar = (value: number) => ({
  type: 'float32' as const,
  shape: [],
  data: new Uint8Array(Float32Array.of(value).buffer),
});

const largestProducts: Graph = {
  name: 'largest int8 products',
  nodes: [
    {
      operator: 'Cast',
      domain: '',
      inputs: ['x'],
      outputs: ['codes'],
      attributes: { to: elementTypes.uint8 },
    },
    {
      operator: 'MatMulIntegerToFloat',
      domain: 'com.microsoft',
      inputs: ['codes', 'weights', 'one', 'one', 'zero point'],
      outputs: ['y'],
      attributes: {},
    },
  ],
  initializers: [
    {
      name: 'weights',
      type: 'int8',
      shape: [width, count],
      data: new Uint8Array(width * count).fill(weight),
    },
    { name: 'one', ...scalar(1) },
    { name: 'zero point', type: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) },
  ],
  inputs: [{ name: 'x', type: 'float32', shape: [rows, width] }],
  outputs: [{ name: 'y', type: 'float32', shape: [rows, count] }],
  operatorSets,
  values: new Map(),
};
