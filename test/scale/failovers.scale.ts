import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSharedParts } from '../../scale/dist/index.js';
import { hostOf } from './fixtures/in-process.js';
import { startSentinels } from './fixtures/redis-groups.js';
import { createWorld, fixtureFolders, type World } from './fixtures/world.js';

/** The page of the design has 20; so many by command. */
const swaps = Number(process.env.EASEL_FAILOVERS ?? 2);
let world: World;
let folder: string;
let manager: ImageServiceManager;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-failovers-'));
  world = await createWorld();
  manager = createImageServiceManager({
    bundled: false,
    configuration: { ...fixtureFolders, currentModel: 'steady-one', storageFolder: join(folder, 'storage') },
  });
});
afterAll(async () => {
  await manager?.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

it(`when sentinels change the master ${swaps} times under load, each job is done, and by each worker`, async () => {
  const group = await startSentinels(folder);
  const settings = { ...world.scale, redis: group.servers };
  const calls: (number | undefined)[] = [];
  const open = async (worker?: number) => {
    const host = hostOf(manager, 10_000, worker !== undefined);
    const generateImage: ImageServiceManager['generateImage'] = async (...values) => {
      calls.push(worker);
      return await manager.generateImage(...values);
    };
    const counted = { generateImage, fixRequest: host.manager.fixRequest.bind(host.manager) };
    const parts = await openSharedParts(settings, { ...host, manager: counted });
    parts.jobs.start();
    return parts;
  };
  const all = await Promise.all([open(), open(0), open(1)]);
  const [{ jobs }] = all;
  const ids: string[] = [];
  const submit = async (idempotencyKey: string, delayMs: number): Promise<void> => {
    const request = { prompt: 'a fixture', providerOptions: { steady: { delayMs } } };
    const asked = { caller: 'one', request, priority: 0, idempotencyKey };
    // As a caller does: again under its key until it is accepted.
    const accepted = await jobs.submit(asked).catch(() => undefined);
    if (accepted) return void ids.push(accepted.job.id);
    await delay(200);
    await submit(idempotencyKey, delayMs);
  };
  let isStorm = true;
  const calling = (async () => {
    for (let number = 0; isStorm; number++) {
      await submit(`job ${number}`, 100);
      await delay(100);
    }
  })();
  for (let swap = 0; swap < swaps; swap++) {
    // In turn, with writes that only the master knows and without.
    await group.demandReplicas(swap % 2);
    await delay(1_000);
    await group.swap();
  }
  isStorm = false;
  await calling;
  const left = async () => {
    const states = await Promise.all(ids.map(async (id) => (await jobs.get(id))?.state));
    return states.filter((state) => state !== 'succeeded');
  };
  await expect.poll(left).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(swaps);
  // None of them has silently stopped.
  calls.length = 0;
  await Promise.all(Array.from({ length: 8 }, (_, number) => submit(`after ${number}`, 500)));
  await expect.poll(left).toEqual([]);
  expect([...new Set(calls)].sort()).toEqual([0, 1]);
  for (const { jobs: own, close } of all) {
    await own.close();
    await close();
  }
  await group.close();
});
