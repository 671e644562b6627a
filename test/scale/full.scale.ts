import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobAt, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

let world: World;
let redis: Redis;
let gateway: Server;
let worker: Server;

beforeAll(async () => {
  world = await createWorld();
  redis = new Redis(world.redisPort, '127.0.0.1');
  [gateway, worker] = await Promise.all([world.serve('gateway'), world.serve('worker')]);
});
afterAll(async () => {
  redis?.disconnect();
  await world?.close();
});

it('a Redis that is full has what is at work finished, and refuses what comes until it has room', async () => {
  const leaseMs = Number(world.scale.leaseSeconds) * 1_000;
  const id = await submitSleep(gateway, { delayMs: 3 * leaseMs, isNoted: true });
  const said = () => worker.lines.map((line) => (JSON.parse(line) as { msg?: string }).msg);
  await expect.poll(said).toContain('begun');
  await redis.config('SET', 'maxmemory', '1');
  const refused = await fetch(`${gateway.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture' }),
  });
  expect(refused.status).toBe(503);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
  await expect.poll(async () => (await jobAt(gateway, id)).state).toBe('succeeded');
  expect(said()).not.toContain('stopped');
  await redis.config('SET', 'maxmemory', '0');
  const next = await submitSleep(gateway, { delayMs: 0 });
  await expect.poll(async () => (await jobAt(gateway, next)).state).toBe('succeeded');
  await expect.poll(() => world.leftovers()).toEqual({ open: 0, queued: 0, outstanding: 0 });
});
