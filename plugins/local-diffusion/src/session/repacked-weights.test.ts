import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTensors } from '../../../../test/reference/tensors.js';
import { type BlockType, blockTypes } from '../checkpoint/gguf/block-types.js';
import { readSafetensors, type TensorLocation } from '../checkpoint/safetensors.js';
import { linear, lookUp } from '../graph/blocks/linear.js';
import { GraphBuilder } from '../graph/builder.js';
import { repackedLayouts } from '../graph/repacked/layouts.js';
import { findRepackable, repackedBytes } from '../graph/repacked/matrices.js';
import { Network } from './network.js';
import { NetworkMemory } from './network-memory.js';
import { NetworkStages } from './network-stages.js';
import { RepackedWeights } from './repacked-weights.js';

const file = fileURLToPath(
  new URL('../../../../test/golden/i_quantised/gguf_types/types.safetensors', import.meta.url),
);
const inputs = 5;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'easel-repacked-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A matrix of blocks that were made of numbers as weights have them, a block a row, and its numbers. */
async function matrixOf(type: BlockType) {
  const raw = (await readSafetensors(file)).get(`${type}.gaussian.raw`)!;
  const key = `${type}.gaussian.f32`;
  const numbers = (await readTensors(file, (each) => each === key)).get(key)!.data as Float32Array;
  const shape = [raw.shape[0]!, blockTypes[type].elements] as const;
  return { location: { ...raw, dtype: type, shape } as TensorLocation, numbers, shape };
}

const builderOf = (location: TensorLocation) =>
  new GraphBuilder({
    ...{ name: 'layer', configFile: 'none', config: {} },
    tensors: new Map([['layer.weight', location]]),
  });

function productOf(location: TensorLocation, [outputs, width]: readonly [number, number]) {
  const builder = builderOf(location);
  const x = builder.input('x', 'float32', ['rows', width]);
  builder.output('y', linear(builder, x, 'layer', { inputs: width, outputs, bias: false }));
  return builder.finish();
}

const types = Object.keys(repackedLayouts) as BlockType[];

describe.each(types)('a matrix in %s', (type) => {
  test('is multiplied by as codes with the numbers that it stands for', async () => {
    const { location, numbers, shape } = await matrixOf(type);
    const [outputs, width] = shape;
    const graph = productOf(location, shape);
    const folder = join(root, type);
    const repacked = new RepackedWeights({ folder, maximumBytes: 1e9 });
    expect([...findRepackable(graph).keys()]).toEqual(['layer.weight']);
    const x = Float32Array.from({ length: inputs * width }, (_, index) => Math.sin(index + 1));
    const network = await Network.open(graph, { repacked });
    const { y } = await network.run({ x: { data: x, shape: [inputs, width] } }, ['y']);
    await network.release();
    let largest = 0;
    let error = 0;
    for (let row = 0; row < inputs; row += 1) {
      for (let output = 0; output < outputs; output += 1) {
        let sum = 0;
        for (let each = 0; each < width; each += 1)
          sum += x[row * width + each]! * numbers[output * width + each]!;
        largest = Math.max(largest, Math.abs(sum));
        error = Math.max(error, Math.abs(sum - y[row * outputs + output]!));
      }
    }
    expect(error / largest).toBeLessThan(3e-6);
  });
});

test.each(['Q4_0', 'Q8_0', 'Q6_K'] as const)('rows of a table in %s are looked up exactly', async (type) => {
  const { location, numbers, shape } = await matrixOf(type);
  const builder = builderOf(location);
  const ids = builder.input('ids', 'int64', ['count']);
  builder.output('rows', lookUp(builder, ids, 'layer', shape));
  const repacked = new RepackedWeights({ folder: join(root, `table-${type}`), maximumBytes: 1e9 });
  const network = await Network.open(builder.finish(), { repacked });
  const { rows } = await network.run({ ids: { data: BigInt64Array.of(2n, 0n), shape: [2] } }, ['rows']);
  await network.release();
  const [, width] = shape;
  expect(rows).toEqual(
    Float32Array.from([...numbers.slice(2 * width, 3 * width), ...numbers.slice(0, width)]),
  );
});

test('a matrix is repacked once, and again where its file is cut short', async () => {
  const { location, shape } = await matrixOf('Q4_K');
  const graph = productOf(location, shape);
  const folder = join(root, 'kept');
  const repacked = new RepackedWeights({ folder, maximumBytes: 1e9 });
  await (await Network.open(graph, { repacked })).release();
  const [entry = ''] = await readdir(folder);
  const [name = ''] = await readdir(join(folder, entry));
  const path = join(folder, entry, name);
  const made = await stat(path);
  await (await Network.open(graph, { repacked })).release();
  expect((await stat(path)).mtimeMs).toBe(made.mtimeMs);
  await writeFile(path, 'cut short');
  await (await Network.open(graph, { repacked })).release();
  expect((await stat(path)).size).toBe(made.size);
});

describe('several matrices', () => {
  const width = blockTypes.Q4_K.elements;

  /** A graph of layers over the blocks of a case, each of which is a matrix of one row. */
  async function layersOf(name: string, twice: number) {
    const raw = (await readSafetensors(file)).get(`Q4_K.${name}.raw`)!;
    const [rows = 0, length = 0] = raw.shape;
    const offsets = Array.from({ length: rows + twice }, (_, index) => raw.offset + (index % rows) * length);
    const locations = offsets.map((offset, index) => {
      const location: TensorLocation = { ...raw, dtype: 'Q4_K', shape: [1, width], offset, length };
      return [`layer${index}.weight`, location] as const;
    });
    const tensors = new Map(locations);
    const builder = new GraphBuilder({ name: 'layers', configFile: 'none', config: {}, tensors });
    const x = builder.input('x', 'float32', ['rows', width]);
    for (const index of offsets.keys())
      builder.output(
        `y${index}`,
        linear(builder, x, `layer${index}`, { inputs: width, outputs: 1, bias: false }),
      );
    return { graph: builder.finish(), rows };
  }

  test('are each written once, and what is there is told', async () => {
    const { graph, rows } = await layersOf('gaussian', 2);
    const repacked = new RepackedWeights({ folder: join(root, 'several'), maximumBytes: 1e9 });
    const shares: number[] = [];
    await repacked.repack(graph, (share) => shares.push(share));
    expect(shares).toEqual(Array.from({ length: rows }, (_, index) => (index + 1) / rows));
  });

  test('are refused where one has no finite scale, and nothing is left half written', async () => {
    const { graph, rows } = await layersOf('special_scales', 0);
    const folder = join(root, 'damaged');
    const repacked = new RepackedWeights({ folder, maximumBytes: 1e9 });
    await expect(repacked.repack(graph)).rejects.toThrow(/has a scale that is NaN or infinity/);
    const [entry = ''] = await readdir(folder);
    const names = await readdir(join(folder, entry));
    expect(names.length).toBeLessThan(rows);
    expect(names.every((name) => name.endsWith('.bin'))).toBe(true);
  });
});

test('a network whose codes have no room on disk is refused with what to do', async () => {
  const { location, shape } = await matrixOf('Q4_K');
  const repacked = new RepackedWeights({ folder: join(root, 'full'), maximumBytes: 10 });
  await expect(repacked.repack(productOf(location, shape))).rejects.toMatchObject({
    code: 'ERR_STORAGE',
    message: expect.stringContaining('preparedBytes of local-diffusion allows 1 MB there'),
    hint: expect.stringMatching(/^Set preparedBytes to \d+ or more, or set preparedBytes to 0/),
  });
});

test('a network counts its matrices as codes where they are repacked', async () => {
  const { location, shape } = await matrixOf('Q4_0');
  const graph = productOf(location, shape);
  const bytes = repackedBytes(findRepackable(graph).get('layer.weight')!);
  expect((8 * bytes) / (shape[0] * shape[1])).toBe(5);
  const repacked = new RepackedWeights({ folder: join(root, 'counted'), maximumBytes: 1e9 });
  const bytesWith = (options: ConstructorParameters<typeof NetworkMemory>[0]) =>
    new NetworkStages(graph, new NetworkMemory(options), 'float32').weightBytes;
  expect(bytesWith({ repacked })).toBe(bytes);
  expect(bytesWith({})).toBe(location.length);
});
