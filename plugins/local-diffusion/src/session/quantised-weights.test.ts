import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openComponent } from '../checkpoint/component.js';
import { withInt8Products } from '../graph/passes/int8-products.js';
import { unetGraph } from '../networks/unet/unet.js';
import { Network } from './network.js';
import { InferenceSession } from './onnx-runtime.js';
import { PreparedNetworks } from './prepared-networks.js';
import { withQuantisedWeights } from './quantised-weights.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-test-int8-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const graphInInt8 = async () =>
  withInt8Products(
    unetGraph(
      await openComponent(fileURLToPath(new URL('../../../../models/picturebook/unet', import.meta.url))),
    ),
  );

test('weights are opened as codes in a file, which is gone afterwards', async () => {
  const graph = await graphInInt8();
  const { nodes, initializers, during } = await withQuantisedWeights(
    graph,
    { session: {}, temporaryFolder: folder },
    async (opened) => ({
      ...opened,
      during: await readdir(folder),
    }),
  );
  expect(during).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
  const products = nodes.filter(({ operator }) => operator === 'MatMulIntegerToFloat');
  const weights = products.map(({ inputs }) => initializers.find(({ name }) => name === inputs[1]));
  expect(weights.length).toBeGreaterThan(40);
  expect(weights.every((weight) => weight?.type === 'int8')).toBe(true);
  // The matrices of float32 that they were made of are read no more.
  expect(initializers.map(({ name }) => `${name}/int8`).filter((name) => graph.values.has(name))).toEqual([]);
});

test('a second opening reads the codes that the first has kept, however small the network is', async () => {
  const prepared = new PreparedNetworks({ folder: join(folder, 'prepared'), maximumBytes: 1e9 });
  const graph = await graphInInt8();
  const create = vi.spyOn(InferenceSession, 'create');
  try {
    await (await Network.open(graph, { prepared })).release();
    create.mockClear();
    await (await Network.open(graph, { prepared })).release();
    expect(create.mock.calls.map(([source]) => typeof source)).toEqual(['string']);
  } finally {
    create.mockRestore();
  }
});

test('a folder that nothing can be written to is named', async () => {
  const temporaryFolder = join(folder, 'file');
  await writeFile(temporaryFolder, '');
  await expect(Network.open(await graphInInt8(), { temporaryFolder })).rejects.toMatchObject({
    code: 'ERR_STORAGE',
    message: expect.stringContaining(temporaryFolder),
  });
});
