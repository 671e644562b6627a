import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { SharedParts } from '@easel/core/scale';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openSharedParts } from '../../scale/dist/index.js';
import { hostOf } from './fixtures/in-process.js';
import { jobAt } from './fixtures/jobs.js';
import { createWorld, fixtureFolders, type World } from './fixtures/world.js';

let world: World;
let redis: Redis;
let folder: string;
let manager: ImageServiceManager;
const opened: SharedParts[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-absent-'));
  world = await createWorld();
  redis = new Redis(world.redisPort, '127.0.0.1');
  manager = createImageServiceManager({
    bundled: false,
    configuration: { ...fixtureFolders, currentModel: 'steady-one', storageFolder: join(folder, 'storage') },
  });
});
afterEach(async () => {
  for (const { jobs, close } of opened.splice(0)) {
    await jobs.close();
    await close();
  }
});
afterAll(async () => {
  await manager?.close();
  redis?.disconnect();
  await world?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** A server in this process. @param storageId undefined: it does no jobs */
async function open(storageId: string | undefined, settings: object = {}) {
  const host = { ...hostOf(manager, 50, storageId !== undefined), storageId: storageId ?? 'a gateway' };
  const parts = await openSharedParts({ ...world.scale, leaseSeconds: 2, ...settings }, host);
  opened.push(parts);
  parts.jobs.start();
  return parts.jobs;
}

/** A job that a worker with this storage folder may have paid for before it was lost. */
async function submitPaid(storageId: string) {
  const jobs = await open(undefined);
  const accepted = await jobs.submit({ caller: 'one', request: { prompt: 'a fixture' }, priority: 0 });
  const id = accepted?.job.id ?? '';
  const asked = { asked: { plugin: 'steady', model: 'steady-one' }, storageId };
  await world.objects.put(`jobs/${id}/asked.json`, Buffer.from(JSON.stringify(asked)), 'application/json');
  return { id, stateOf: async () => (await jobs.get(id))?.state, jobs };
}
const laneOf = async (id: string) => await redis.hget('{easel}:lane-of', id);

it('a job that may have been paid waits where only the worker that it waits for takes it', async () => {
  const { id, stateOf } = await submitPaid('home');
  // It has been there, and has ended.
  for (const storageId of ['one', 'two', 'three']) await open(storageId);
  await expect.poll(() => laneOf(id)).toBe('home/home');
  expect(await stateOf()).toBe('queued');
  await open('home');
  await expect.poll(stateOf).toBe('succeeded');
  expect((await redis.keys('{easel}:of:*')).length).toBe(0);
});

it('a job whose worker does not come back fails in time, and says that it may have been paid', async () => {
  const { id, stateOf, jobs } = await submitPaid('gone for good');
  for (const storageId of ['one', 'two']) await open(storageId, { returnSeconds: 5 });
  await expect.poll(stateOf).toBe('failed');
  expect((await jobs.get(id))?.error).toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE', mayBePaid: true });
});

it('a job that only workers can do which are gone waits for them, and fails when they stay away', async () => {
  const chaos = await world.serve(
    'worker',
    { scale: { ...world.scale, leaseSeconds: 2 } },
    { CHAOS_KEY: 'any' },
  );
  const lane = async () => await redis.zscore('{easel}:announced', 'provider/chaos');
  await expect.poll(lane).not.toBeNull();
  const scale = { ...world.scale, leaseSeconds: 2 };
  const plugins = { chaos: { enabled: false } };
  const other = await world.serve('worker', { scale, plugins });
  const gateway = await world.serve('gateway', { scale });
  await chaos.end('SIGKILL');
  const submit = async () => {
    const response = await fetch(`${gateway.url}/api/images/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a fixture', model: 'chaos-one' }),
    });
    return ((await response.json()) as { id: string }).id;
  };
  const first = await submit();
  // Longer than it takes to see that they are gone.
  const until = Number(await lane()) + 2_000;
  await expect.poll(async () => Date.now() > until).toBe(true);
  expect((await jobAt(gateway, first)).state).toBe('queued');
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/easel_backlog_seconds\{lane="provider\/chaos"\} 10/);
  const back = await chaos.again();
  await expect.poll(async () => (await jobAt(gateway, first)).state).toBe('succeeded');
  for (const server of [back, other]) await server.end('SIGKILL');
  const second = await submit();
  const hasty = await world.serve('worker', { scale: { ...scale, absentSeconds: 1 }, plugins });
  await expect.poll(async () => (await jobAt(gateway, second)).state).toBe('failed');
  expect((await jobAt(gateway, second)).error?.message).toMatch(/chaos/);
  for (const server of [hasty, gateway]) await server.end('SIGTERM');
});
