import { mkdir, mkdtemp, realpath, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../test/reference/run-graph.js';
import { floatTensor, type RawTensor, writeSafetensors } from '../../../../test/reference/tensors.js';
import type { Component } from '../checkpoint/component.js';
import { readSafetensors } from '../checkpoint/safetensors.js';
import { GraphBuilder } from './builder.js';
import { encodeGraph } from './onnx/encode.js';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'easel-builder-')));
});
afterAll(() => rm(folder, { recursive: true }));

const halfWords = (dtype: string, words: readonly number[]): RawTensor => ({
  dtype,
  shape: [words.length],
  bytes: new Uint8Array(Uint16Array.from(words).buffer),
});

async function component(tensors: Record<string, RawTensor>): Promise<Component> {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, tensors);
  return { name: 'unet', configFile: 'unet/config.json', config: {}, tensors: await readSafetensors(path) };
}
const noWeights: Component = { name: 'none', configFile: 'config.json', config: {}, tensors: new Map() };

const one = new Map([['x', { shape: [1], data: Float32Array.of(0) }]]);

describe('GraphBuilder', () => {
  test.each<[string, RawTensor]>([
    ['F32', floatTensor([3], [1, -2, 0.5])],
    ['F16', halfWords('F16', [0x3c00, 0xc000, 0x3800])],
    ['BF16', halfWords('BF16', [0x3f80, 0xc000, 0x3f00])],
  ])('mounts %s weights at any offset as float32', async (_dtype, tensor) => {
    const odd: RawTensor = { dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) };
    const graph = new GraphBuilder(await component({ odd, w: tensor }));
    const x = graph.input('x', 'float32', ['n']);
    graph.output('y', graph.node('Add', [x, graph.mount('w', [3])]));
    const result = await runGraph(graph.finish(), one);
    expect([...result.get('y')!]).toEqual([1, -2, 0.5]);
  });

  test('mounts rows of a tensor, and a tensor with other trailing ones', async () => {
    const graph = new GraphBuilder(await component({ w: floatTensor([2, 2, 1, 1], [1, 2, 3, 4]) }));
    const x = graph.input('x', 'float32', ['n']);
    graph.output('second', graph.node('Add', [x, graph.mountRows('w', [2, 2], 1, 1)]));
    graph.output('whole', graph.node('Add', [x, graph.mount('w', [2, 2])]));
    const result = await runGraph(graph.finish(), one);
    expect([...result.get('second')!]).toEqual([3, 4]);
    expect([...result.get('whole')!]).toEqual([1, 2, 3, 4]);
  });

  test('refuses weights that are missing, of another shape or not numbers to compute with', async () => {
    const long: RawTensor = { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) };
    const graph = new GraphBuilder(await component({ w: floatTensor([2], [1, 2]), long }));
    const refuses = (name: string, shape: number[], message: RegExp) => {
      const error = { code: 'ERR_MODEL_FILES_INVALID', message: expect.stringMatching(message) };
      expect(() => graph.mount(name, shape)).toThrow(expect.objectContaining(error));
    };
    refuses('gone', [2], /"unet" have no tensor "gone", which unet\/config\.json calls for/);
    refuses('w', [3], /"w" has the shape \[2\], but unet\/config\.json calls for \[3\]/);
    refuses('w', [1, 2], /calls for \[1,2\]/);
    refuses('long', [1], /"long" is stored as I64/);
  });

  test('stores equal constants once', () => {
    const graph = new GraphBuilder(noWeights);
    expect(graph.floats([1, 2])).toBe(graph.floats(Float32Array.of(1, 2)));
    expect(graph.floats([1, 2])).not.toBe(graph.floats([1, 2], [2, 1]));
    expect(graph.integers([0])).not.toBe(graph.integers([0], []));
  });

  test('carries negative and large integers, floats and strings', async () => {
    const graph = new GraphBuilder(noWeights);
    const x = graph.input('x', 'float32', ['n']);
    const large = graph.node('Cast', [graph.integers([2 ** 40, -(2 ** 40)], [2, 1])], { to: 1 });
    const scaled = graph.node('Gemm', [large, graph.floats([1], [1, 1])], { alpha: { float: 0.5 } });
    const row = graph.node('Reshape', [scaled, graph.integers([-1])]);
    const joined = graph.node('Concat', [x, row], { axis: -1 });
    graph.output('y', graph.node('Reshape', [joined, graph.integers([-1, 1])]));
    expect([...(await runGraph(graph.finish(), one)).get('y')!]).toEqual([0, 2 ** 39, -(2 ** 39)]);
  });

  test('reaches weights behind symbolic links and in several folders', async () => {
    // The layout of Hugging Face's cache: links in a snapshot, files named by hash elsewhere.
    await Promise.all(['blobs', 'snapshot', 'other'].map((name) => mkdir(join(folder, name))));
    await writeSafetensors(join(folder, 'blobs', 'abc'), { a: floatTensor([1], [2]) });
    await writeSafetensors(join(folder, 'second'), { b: floatTensor([1], [3]) });
    await symlink('../blobs/abc', join(folder, 'snapshot', 'model.safetensors'));
    await rename(join(folder, 'second'), join(folder, 'other', 'two words.safetensors'));
    const tensors = new Map([
      ...(await readSafetensors(join(folder, 'snapshot', 'model.safetensors'))),
      ...(await readSafetensors(join(folder, 'other', 'two words.safetensors'))),
    ]);
    const graph = new GraphBuilder({ ...noWeights, tensors });
    const x = graph.input('x', 'float32', ['n']);
    const sum = graph.node('Add', [graph.mount('a', [1]), graph.mount('b', [1])]);
    graph.output('y', graph.node('Add', [x, sum]));
    const finished = graph.finish();
    expect(encodeGraph(finished).externalFolder).toBe(folder);
    expect([...(await runGraph(finished, one)).get('y')!]).toEqual([5]);
  });
});
