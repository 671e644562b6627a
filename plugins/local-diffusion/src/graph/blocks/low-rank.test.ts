import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../../test/reference/run-graph.js';
import { floatTensor, type TensorValues, writeSafetensors } from '../../../../../test/reference/tensors.js';
import { applyLoras } from '../../checkpoint/apply-loras.js';
import type { Component } from '../../checkpoint/component.js';
import { openLora } from '../../checkpoint/lora.js';
import { readSafetensors } from '../../checkpoint/safetensors.js';
import { unetAndClipTargets } from '../../families/components/lora-targets.js';
import { createSession, encodeForSession } from '../../session/graph-session.js';
import { Tensor } from '../../session/onnx-runtime.js';
import { GraphBuilder, type Value } from '../builder.js';
import type { Graph } from '../graph.js';
import { convolution, linear, linearRows } from './blocks.js';
import { loraScalesInput } from './low-rank.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-lora-'));
});
afterAll(() => rm(folder, { recursive: true }));

const numbers = (shape: readonly number[], phase: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) =>
    Math.sin(1.3 * index + phase),
  );

/** W + sum of strength * up @ down, a kernel's pixels being columns like its channels. */
function merged(
  weight: Float32Array,
  outputs: number,
  changes: readonly { up: Float32Array; down: Float32Array; rank: number; strength: number }[],
): Float32Array {
  const columns = weight.length / outputs;
  return weight.map((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    let sum = value;
    for (const { up, down, rank, strength } of changes) {
      for (let k = 0; k < rank; k += 1) {
        sum += strength * up[row * rank + k]! * down[k * columns + column]!;
      }
    }
    return sum;
  });
}

const component = async (
  file: string,
  shape: readonly number[],
  weight: Float32Array,
): Promise<Component> => {
  const path = join(folder, file);
  const bias = floatTensor([shape[0]!], numbers([shape[0]!], 9));
  await writeSafetensors(path, { 'mid.weight': floatTensor(shape, weight), 'mid.bias': bias });
  return { name: 'unet', configFile: 'config.json', config: {}, tensors: await readSafetensors(path) };
};

interface Block {
  readonly weight: readonly number[];
  readonly input: readonly number[];
  write(graph: GraphBuilder, x: Value): Value;
}
const blocks: Record<string, Block> = {
  linear: {
    weight: [6, 5],
    input: [4, 5],
    write: (graph, x) => linear(graph, x, 'mid', { inputs: 5, outputs: 6 }),
  },
  linearRows: {
    weight: [6, 5],
    input: [4, 5],
    write: (graph, x) => {
      const rows = (first: number) =>
        linearRows(graph, x, 'mid', { inputs: 5, outputs: 6 }, { first, count: 3 });
      return graph.node('Sub', [rows(0), rows(3)]);
    },
  },
  'a linear layer kept as a 1x1 convolution': {
    weight: [6, 5, 1, 1],
    input: [4, 5],
    write: (graph, x) => linear(graph, x, 'mid', { inputs: 5, outputs: 6 }),
  },
  'convolution with a stride': {
    weight: [4, 3, 3, 3],
    input: [2, 3, 5, 6],
    write: (graph, x) => convolution(graph, x, 'mid', { inputs: 3, outputs: 4, kernel: 3, stride: 2 }),
  },
};

describe.each(Object.entries(blocks))('LoRAs beside %s', (_name, block) => {
  const ranks = [2, 3];
  const [outputs = 0, ...inputs] = block.weight;
  const weight = numbers(block.weight, 1);
  const downs = ranks.map((rank) => numbers([rank, ...inputs], rank));
  const ups = ranks.map((rank) => numbers([outputs, rank], 2 * rank));
  const x: TensorValues = { shape: block.input, data: numbers(block.input, 4) };

  const write = (from: Component): Graph => {
    const graph = new GraphBuilder(from);
    const value = graph.input('x', 'float32', block.input);
    graph.output('y', block.write(graph, value));
    return graph.finish();
  };

  test('equal merged weights, at scales that change between runs of one session', async () => {
    const base = await component('base.safetensors', block.weight, weight);
    const files = await Promise.all(
      ranks.map(async (rank, index) => {
        const path = join(folder, `${index}.safetensors`);
        const kernel = inputs.slice(1).map(() => 1);
        await writeSafetensors(path, {
          'lora_unet_mid.lora_down.weight': floatTensor([rank, ...inputs], downs[index]!),
          'lora_unet_mid.lora_up.weight': floatTensor([outputs, rank, ...kernel], ups[index]!),
          ...(index === 1 && { 'lora_unet_mid.alpha': floatTensor([], [1.5]) }),
        });
        return openLora(path, unetAndClipTargets);
      }),
    );
    const { unet } = applyLoras({ unet: base }, files, {
      titleOfLora: () => undefined,
      model: undefined,
      warn: () => undefined,
    });
    const graph = write(unet);
    const session = await createSession(encodeForSession(graph), { logSeverityLevel: 3 });
    for (const scales of [
      [0, 0],
      [1, 0],
      [-0.5, 0.8],
    ]) {
      const changes = ranks.map((rank, index) => ({
        up: ups[index]!,
        down: downs[index]!,
        rank,
        strength: scales[index]! * (index === 1 ? 1.5 / rank : 1),
      }));
      const plain = await component('merged.safetensors', block.weight, merged(weight, outputs, changes));
      const expected = (await runGraph(write(plain), new Map([['x', x]]))).get('y')!;
      const feeds = {
        x: new Tensor('float32', x.data as Float32Array, x.shape),
        [loraScalesInput]: new Tensor('float32', Float32Array.from(scales), [2]),
      };
      const actual = (await session.run(feeds)).y!.data as Float32Array;
      for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
    }
    await session.release();
  });
});

test('a layer that no LoRA changes is written as without', async () => {
  const base = await component('base.safetensors', [6, 5], numbers([6, 5], 1));
  const graph = new GraphBuilder({ ...base, loras: [{ file: 'a', layers: new Map() }] });
  graph.output('y', linear(graph, graph.input('x', 'float32', ['n', 5]), 'mid', { inputs: 5, outputs: 6 }));
  expect(graph.finish().inputs.map(({ name }) => name)).toEqual(['x']);
});

test('a transposed matrix is turned back', async () => {
  const base = await component('base.safetensors', [5, 6], numbers([5, 6], 1));
  const stored = base.tensors.get('mid.weight')!;
  const tensors = new Map([['mid.weight', { ...stored, shape: [6, 5], transposed: true as const }]]);
  const graph = new GraphBuilder({ ...base, tensors });
  const x = graph.input('x', 'float32', ['n', 5]);
  graph.output('y', linear(graph, x, 'mid', { inputs: 5, outputs: 6, bias: false }));
  const unit = { shape: [1, 5], data: Float32Array.of(0, 0, 1, 0, 0) };
  const result = (await runGraph(graph.finish(), new Map([['x', unit]]))).get('y')!;
  expect([...result]).toEqual([...numbers([5, 6], 1).subarray(12, 18)]);
  expect(() => graph.mountRows('mid.weight', [6, 5], 0, 1)).toThrow(/do not lie in one piece/);
});
