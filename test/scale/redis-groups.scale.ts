import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSharedParts } from '../../scale/dist/index.js';
import { hostOf } from './fixtures/in-process.js';
import { startCluster, startSentinels } from './fixtures/redis-groups.js';
import { createWorld, fixtureFolders, type World } from './fixtures/world.js';

let world: World;
let folder: string;
let manager: ImageServiceManager;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-groups-'));
  world = await createWorld();
  manager = createImageServiceManager({
    bundled: false,
    configuration: { ...fixtureFolders, currentModel: 'steady-one', storageFolder: join(folder, 'storage') },
  });
});
afterAll(async () => {
  await manager?.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

const request = (delayMs: number) => ({ prompt: 'a fixture', providerOptions: { steady: { delayMs } } });

it.each([
  ['a master that sentinels replace when it is killed', 'sentinels', startSentinels],
  ['a cluster', 'cluster', startCluster],
] as const)('jobs, counts and budgets go over %s', async (_, name, start) => {
  const group = await start(folder);
  const settings = {
    ...{ ...world.scale, name, redis: group.servers },
    s3: { ...world.s3, prefix: `${name}/` },
  };
  const open = async (isWorker: boolean) => await openSharedParts(settings, hostOf(manager, 50, isWorker));
  const [gateway, worker] = await Promise.all([open(false), open(true)]);
  for (const { jobs } of [gateway, worker]) jobs.start();
  const submit = async (delayMs = 0) => {
    const accepted = await gateway.jobs.submit({ caller: 'one', request: request(delayMs), priority: 0 });
    return accepted?.job.id ?? '';
  };
  const stateOf = async (id: string) => (await gateway.jobs.get(id))?.state;

  const ids = [await submit(), await submit(), await submit()];
  for (const id of ids) await expect.poll(() => stateOf(id)).toBe('succeeded');
  const long = await submit(60_000);
  await expect.poll(() => stateOf(long)).toBe('running');
  expect((await gateway.jobs.cancel(long))?.state).toBe('cancelled');
  expect((await worker.requestCounts.count('a')).requests).toBe(1);
  expect((await gateway.requestCounts.count('a')).requests).toBe(2);
  const row = { ...{ id: 'a', caller: 'a', day: '2026-11-29', plugin: 'p', model: 'm' }, images: 1 };
  const limits = [{ caller: 'a', dollars: 1 }];
  const charge = { ...row, amount: 0.7, currency: 'USD' };
  expect(await worker.charges.reserve(charge, limits)).toEqual({ kind: 'reserved' });
  expect(await gateway.charges.reserve({ ...charge, id: 'b' }, limits)).toMatchObject({ kind: 'spent' });

  await group.killOne();
  const keys = Array.from({ length: 4 }, (_, number) => `after ${number}`);
  const acceptedAs = async (idempotencyKey: string) =>
    await gateway.jobs
      .submit({ caller: 'one', request: request(0), priority: 0, idempotencyKey })
      .then((accepted) => accepted?.job.id)
      .catch(() => undefined);
  for (const key of keys) {
    await expect.poll(() => acceptedAs(key)).toBeDefined();
    const id = (await acceptedAs(key)) ?? '';
    await expect.poll(() => stateOf(id)).toBe('succeeded');
  }
  for (const { jobs, close } of [gateway, worker]) {
    await jobs.close();
    await close();
  }
  await group.close();
});
