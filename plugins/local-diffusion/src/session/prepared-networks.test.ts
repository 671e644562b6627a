import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { floatTensor, writeSafetensors } from '../../../../test/reference/tensors.js';
import { readSafetensors } from '../checkpoint/safetensors.js';
import { convolution, groupNorm, silu } from '../graph/blocks/blocks.js';
import { GraphBuilder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { countWeights } from '../graph/passes/stored-weights.js';
import { Network } from './network.js';
import { InferenceSession } from './onnx-runtime.js';
import { PreparedNetworks } from './prepared-networks.js';
import { spreadNumbers } from './self-test-cases.js';

const channels = 64;
const layers = 6;
const image = { data: spreadNumbers(2 * channels * 12 * 12), shape: [2, channels, 12, 12] };

let folder: string;
let weights: string;
let cache: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-prepared-'));
  weights = join(folder, 'weights.safetensors');
  await writeWeights(1);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  cache = await mkdtemp(join(folder, 'cache-'));
});

/** Convolutions, norms and activations in a row, of random weights: about a megabyte. */
async function writeWeights(seed: number): Promise<void> {
  const tensors = Array.from({ length: layers }, (_, layer) => [
    [
      `c.${layer}.weight`,
      floatTensor([channels, channels, 3, 3], scaled(channels * channels * 9, seed + layer)),
    ],
    [`c.${layer}.bias`, floatTensor([channels], scaled(channels, seed + layer))],
    [`n.${layer}.weight`, floatTensor([channels], scaled(channels, seed + layer))],
    [`n.${layer}.bias`, floatTensor([channels], scaled(channels, seed + layer))],
  ]).flat();
  await writeSafetensors(weights, Object.fromEntries(tensors));
}

const scaled = (count: number, seed: number) => spreadNumbers(count, seed).map((value) => value / 8);

/** @param kept layers, so that one file makes several networks */
async function writeGraph(kept = layers): Promise<Graph> {
  const tensors = await readSafetensors(weights);
  const graph = new GraphBuilder({ name: 'stack', configFile: 'config.json', config: {}, tensors });
  let x = graph.input('x', 'float32', ['batch', channels, 'height', 'width']);
  for (let layer = 0; layer < kept; layer++) {
    x = convolution(graph, x, `c.${layer}`, { inputs: channels, outputs: channels, kernel: 3 });
    x = silu(graph, groupNorm(graph, x, `n.${layer}`, { channels, groups: 8, epsilon: 1e-5 }));
  }
  graph.output('y', x);
  return graph.finish();
}

const preparedIn = (maximumBytes = 1e9, now?: () => Date) =>
  new PreparedNetworks({ folder: cache, maximumBytes, minimumWeightBytes: 0, ...(now && { now }) });

/** Opens and runs it; says whether it was opened from an entry, which is a path, or from the graph. */
async function run(graph: Graph, prepared?: PreparedNetworks) {
  const create = vi.spyOn(InferenceSession, 'create');
  try {
    const network = await Network.open(graph, { threads: 1, prepared });
    const isRead = create.mock.calls.every(([source]) => typeof source === 'string');
    const { y } = await network.run({ x: image }, ['y']);
    await network.release();
    return { y, isRead };
  } finally {
    create.mockRestore();
  }
}

const entriesOf = async () => (await readdir(cache)).map((name) => join(cache, name));

async function overwriteMiddle(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.alloc(64, 0x7f), 0, 64, Math.floor(size / 2));
  await file.close();
}

/** Bytes that a file of this process may have: beyond them a write fails, as on a disk that is full. */
const limitFiles = (bytes: string) =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

describe('prepared networks', () => {
  test('a second opening reads the entry and gives the same numbers', async () => {
    const graph = await writeGraph();
    const plain = await run(graph);
    const first = await run(graph, preparedIn());
    expect(first.isRead).toBe(false);
    const second = await run(graph, preparedIn());
    expect(second.isRead).toBe(true);
    expect(first.y).toEqual(plain.y);
    expect(second.y).toEqual(plain.y);
    expect(Math.max(...plain.y)).toBeGreaterThan(0.1);
    const [entry, ...others] = await entriesOf();
    expect(others).toEqual([]);
    expect((await readdir(entry!)).sort()).toEqual(['entry.json', 'network.onnx', 'weights.bin']);
  });

  test('another weight file of the same size misses it', async () => {
    const graph = await writeGraph();
    const before = await run(graph, preparedIn());
    await writeWeights(100);
    try {
      const after = await run(graph, preparedIn());
      expect(after.isRead).toBe(false);
      expect(after.y).not.toEqual(before.y);
      expect(after.y).toEqual((await run(graph)).y);
    } finally {
      await writeWeights(1);
    }
  });

  test('another graph over the same weights misses it', async () => {
    await run(await writeGraph(), preparedIn());
    expect((await run(await writeGraph(2), preparedIn())).isRead).toBe(false);
    expect(await entriesOf()).toHaveLength(2);
  });

  test.each([
    ['weights that end early', async (entry: string) => truncate(join(entry, 'weights.bin'), 5000)],
    ['other bytes amid the weights', (entry: string) => overwriteMiddle(join(entry, 'weights.bin'))],
    ['other bytes amid the graph', (entry: string) => overwriteMiddle(join(entry, 'network.onnx'))],
    ['no weights', (entry: string) => rm(join(entry, 'weights.bin'))],
    [
      'a description of something else',
      (entry: string) => writeFile(join(entry, 'entry.json'), '{"graph":1}'),
    ],
  ])('an entry with %s is made anew', async (_, damage) => {
    const graph = await writeGraph();
    const expected = (await run(graph, preparedIn())).y;
    const [entry] = await entriesOf();
    await damage(entry!);
    const rebuilt = await run(graph, preparedIn());
    expect(rebuilt).toEqual({ y: expected, isRead: false });
    expect(await run(graph, preparedIn())).toEqual({ y: expected, isRead: true });
    expect(await entriesOf()).toEqual([entry]);
  });

  test('damage that keeps size and time of change is found by samples', async () => {
    const graph = await writeGraph();
    await run(graph, preparedIn());
    const path = join((await entriesOf())[0]!, 'network.onnx');
    const { atime, mtime } = await stat(path);
    const bytes = await readFile(path);
    bytes.fill(0x7f, 100, 200);
    await writeFile(path, bytes);
    await utimes(path, atime, mtime);
    expect((await run(graph, preparedIn())).isRead).toBe(false);
  });

  test('the entry that was used longest ago makes room', async () => {
    let seconds = 1_800_000_000;
    const now = () => new Date(1000 * seconds++);
    const graphs = await Promise.all([3, 4, 5].map(writeGraph));
    const [small, middle, large] = graphs;
    await run(small!, preparedIn(1e9, now));
    await run(middle!, preparedIn(1e9, now));
    const sizes = await Promise.all(
      (await entriesOf()).map(async (entry) => (await stat(join(entry, 'weights.bin'))).size),
    );
    expect((await run(small!, preparedIn(1e9, now))).isRead).toBe(true);
    // Room for the largest and the one that has just been used, not for all three.
    const budget = sizes.reduce((sum, size) => sum + size, 0) + 800_000;
    await run(large!, preparedIn(budget, now));
    expect((await run(small!, preparedIn(budget, now))).isRead).toBe(true);
    expect((await run(large!, preparedIn(budget, now))).isRead).toBe(true);
    expect(await entriesOf()).toHaveLength(2);
  });

  test('what is small, too large, or has nowhere to go is opened all the same', async () => {
    const graph = await writeGraph();
    const { y } = await run(graph);
    expect(await run(graph, preparedIn(1000))).toEqual({ y, isRead: false });
    const unlessLarge = new PreparedNetworks({ folder: cache, maximumBytes: 1e9 });
    expect(await run(graph, unlessLarge)).toEqual({ y, isRead: false });
    expect(await entriesOf()).toEqual([]);
    const file = join(cache, 'a file');
    await writeFile(file, '');
    const nowhere = new PreparedNetworks({ folder: file, maximumBytes: 1e9, minimumWeightBytes: 0 });
    expect(await run(graph, nowhere)).toEqual({ y, isRead: false });
  });

  test('nothing is written where that takes more memory than there is', async () => {
    const graph = await writeGraph();
    const { y } = await run(graph);
    const { held } = countWeights(graph);
    const preparedWith = (availableBytes: number) =>
      new PreparedNetworks({
        ...{ folder: cache, maximumBytes: 1e9, minimumWeightBytes: 0 },
        availableBytes: () => availableBytes,
      });
    expect(await run(graph, preparedWith(1.1 * held))).toEqual({ y, isRead: false });
    expect(await entriesOf()).toEqual([]);
    await run(graph, preparedWith(1.3 * held));
    expect(await entriesOf()).toHaveLength(1);
  });

  test('a disk that takes no more leaves no entry, and the network is opened all the same', async () => {
    const graph = await writeGraph();
    const { y } = await run(graph);
    limitFiles('200000');
    try {
      expect(await run(graph, preparedIn())).toEqual({ y, isRead: false });
    } finally {
      limitFiles('unlimited');
    }
    expect(await entriesOf()).toEqual([]);
    await run(graph, preparedIn());
    expect(await run(graph, preparedIn())).toEqual({ y, isRead: true });
  });

  test('what a process that is no more has begun is removed', async () => {
    const abandoned = join(cache, 'building-999999999-abc');
    await writeFile(abandoned, '');
    await run(await writeGraph(), preparedIn());
    expect(await entriesOf()).not.toContain(abandoned);
  });
});
