import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../../test/reference/run-graph.js';
import { floatTensor, writeSafetensors } from '../../../../../test/reference/tensors.js';
import { readSafetensors } from '../../checkpoint/safetensors.js';
import { GraphBuilder, type Value } from '../builder.js';
import {
  attention,
  convolution,
  gelu,
  groupNorm,
  imageToTokens,
  linear,
  linearRows,
  quickGelu,
  silu,
  tokensToImage,
  upsampleLike,
} from './blocks.js';

/** Repeatable numbers between -1 and 1. */
function numbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-blocks-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Given {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Runs one block; every dimension of its inputs but the second is free, as in the networks. */
async function run(
  inputs: Readonly<Record<string, Given>>,
  weights: Readonly<Record<string, Given>>,
  write: (graph: GraphBuilder, ...values: Value[]) => Value,
): Promise<Float32Array> {
  const path = join(folder, 'block.safetensors');
  const entries = Object.entries(weights).map(([name, { shape, data }]) => [name, floatTensor(shape, data)]);
  await writeSafetensors(path, Object.fromEntries(entries));
  const tensors = await readSafetensors(path);
  const graph = new GraphBuilder({ name: 'block', configFile: 'config.json', config: {}, tensors });
  const values = Object.entries(inputs).map(([name, { shape }]) =>
    graph.input(
      name,
      'float32',
      shape.map((size, axis) => (axis === 1 ? size : `${name}_${axis}`)),
    ),
  );
  graph.output('y', write(graph, ...values));
  return (await runGraph(graph.finish(), new Map(Object.entries(inputs)))).get('y')!;
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance = 2e-6): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs));
  const error = Math.max(...Array.from(expected, (value, index) => Math.abs(value - actual[index]!)));
  expect(error / largest).toBeLessThan(tolerance);
}

describe('blocks', () => {
  test.each([0, 12, 300])('groupNorm is exact with a mean of %d deviations', async (mean) => {
    const [batch, channels, pixels, groups] = [2, 6, 35, 3];
    const data = numbers(batch * channels * pixels).map((value) => value * 1.7 + mean);
    const [weight, bias] = [numbers(channels, 2), numbers(channels, 3)];
    const size = (channels / groups) * pixels;
    const expected = Array.from(data, (value, index) => {
      const group = data.subarray(Math.floor(index / size) * size).subarray(0, size);
      const average = group.reduce((sum, each) => sum + each, 0) / size;
      const variance = group.reduce((sum, each) => sum + (each - average) ** 2, 0) / size;
      const channel = Math.floor(index / pixels) % channels;
      return ((value - average) / Math.sqrt(variance + 1e-5)) * weight[channel]! + bias[channel]!;
    });
    const actual = await run(
      { x: { shape: [batch, channels, 5, 7], data } },
      { 'n.weight': { shape: [channels], data: weight }, 'n.bias': { shape: [channels], data: bias } },
      (graph, x) => groupNorm(graph, x!, 'n', { channels, groups, epsilon: 1e-5 }),
    );
    expectClose(actual, expected, mean > 100 ? 1e-4 : 1e-5);
  });

  test.each([
    ['silu', silu, (x: number) => x / (1 + Math.exp(-x))],
    ['quickGelu', quickGelu, (x: number) => x / (1 + Math.exp(-1.702 * x))],
    // By the error function: gelu(1) = 0.8413447, gelu(-1) = -0.1586553.
    [
      'gelu',
      gelu,
      (x: number) => (Math.abs(x) === 1 ? (x > 0 ? 0.8413447460685429 : -0.15865525393145707) : 0),
    ],
  ] as const)('%s', async (_name, block, expected) => {
    const data = Float32Array.of(-1, 0, 1);
    const actual = await run({ x: { shape: [1, 3], data } }, {}, (graph, x) => block(graph, x!));
    expectClose(actual, Array.from(data, expected));
  });

  test('linear is torch.nn.Linear, and linearRows a chunk of it', async () => {
    const [rows, inputs, outputs] = [3, 4, 6];
    const [data, weight, bias] = [numbers(rows * inputs), numbers(outputs * inputs, 2), numbers(outputs, 3)];
    const cell = (row: number, output: number) =>
      bias[output]! +
      Array.from({ length: inputs }, (_, k) => data[row * inputs + k]! * weight[output * inputs + k]!).reduce(
        (sum, each) => sum + each,
      );
    const given = { x: { shape: [rows, inputs], data } };
    const weights = {
      'l.weight': { shape: [outputs, inputs], data: weight },
      'l.bias': { shape: [outputs], data: bias },
    };
    const whole = await run(given, weights, (graph, x) => linear(graph, x!, 'l', { inputs, outputs }));
    expectClose(
      whole,
      Array.from({ length: rows * outputs }, (_, i) => cell(Math.floor(i / outputs), i % outputs)),
    );
    const half = await run(given, weights, (graph, x) =>
      linearRows(graph, x!, 'l', { inputs, outputs }, { first: 4, count: 2 }),
    );
    expectClose(
      half,
      Array.from({ length: rows * 2 }, (_, i) => cell(Math.floor(i / 2), 4 + (i % 2))),
    );
  });

  test.each([false, true])('attention, causal: %s', async (causal) => {
    const [tokens, width, heads] = [5, 8, 2];
    const [query, key, value] = [1, 2, 3].map((seed) => numbers(tokens * width, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const size = width / heads;
    const expected = Array.from({ length: tokens * width }, (_, index) => {
      const [token, channel] = [Math.floor(index / width), index % width];
      const first = Math.floor(channel / size) * size;
      const seen = Array.from({ length: causal ? token + 1 : tokens }, (_unused, other) => {
        let score = 0;
        for (let k = first; k < first + size; k += 1)
          score += query[token * width + k]! * key[other * width + k]!;
        return Math.exp(score / Math.sqrt(size));
      });
      const total = seen.reduce((sum, each) => sum + each);
      return seen.reduce((sum, each, other) => sum + (each / total) * value[other * width + channel]!, 0);
    });
    const shape = [1, tokens, width];
    const actual = await run(
      { q: { shape, data: query }, k: { shape, data: key }, v: { shape, data: value } },
      {},
      (graph, q, k, v) => attention(graph, { query: q!, key: k!, value: v!, heads, causal }),
    );
    expectClose(actual, expected);
  });

  test('convolution pads, strides and adds its bias as torch.nn.Conv2d does', async () => {
    const [height, width] = [4, 5];
    const [data, weight] = [numbers(height * width), numbers(9, 2)];
    const at = (row: number, column: number) =>
      row < 0 || column < 0 || row >= height || column >= width ? 0 : data[row * width + column]!;
    const pixel = (row: number, column: number) =>
      0.25 +
      Array.from(weight, (w, k) => w * at(row + Math.floor(k / 3), column + (k % 3))).reduce((a, b) => a + b);
    const given = { x: { shape: [1, 1, height, width], data } };
    const weights = {
      'c.weight': { shape: [1, 1, 3, 3], data: weight },
      'c.bias': { shape: [1], data: Float32Array.of(0.25) },
    };
    const same = await run(given, weights, (graph, x) =>
      convolution(graph, x!, 'c', { inputs: 1, outputs: 1, kernel: 3 }),
    );
    expectClose(
      same,
      Array.from({ length: 20 }, (_, i) => pixel(Math.floor(i / 5) - 1, (i % 5) - 1)),
    );
    const halved = await run(given, weights, (graph, x) =>
      convolution(graph, x!, 'c', { inputs: 1, outputs: 1, kernel: 3, stride: 2, padding: [0, 0, 1, 1] }),
    );
    expectClose(
      halved,
      Array.from({ length: 4 }, (_, i) => pixel(2 * Math.floor(i / 2), 2 * (i % 2))),
    );
  });

  test.each([1, 2, 5, 6, 9, 13, 31])(
    'upsampleLike picks the pixels of torch for a width of %d',
    async (width) => {
      const halved = Math.ceil(width / 2);
      const data = numbers(halved);
      const like = { shape: [1, 1, 1, width], data: new Float32Array(width) };
      const actual = await run({ x: { shape: [1, 1, 1, halved], data }, like }, {}, (graph, x, y) =>
        upsampleLike(graph, x!, y!),
      );
      const expected = Array.from({ length: width }, (_, i) => data[Math.floor((i * halved) / width)]!);
      expect([...actual]).toEqual(expected);
    },
  );

  test('tokensToImage undoes imageToTokens', async () => {
    const x = { shape: [2, 3, 4, 5], data: numbers(120) };
    const actual = await run({ x }, {}, (graph, image) =>
      tokensToImage(graph, imageToTokens(graph, image!, 3), image!, 3),
    );
    expect([...actual]).toEqual([...x.data]);
  });
});
