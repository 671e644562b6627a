import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobAt, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

const hourMs = 3_600_000;
let world: World;
let redis: Redis;
let gateway: Server;
let early: Server;
let late: Server;

/** A worker whose clock jumps when it is told to. @param jumpMs how far */
const serveWorker = async (jumpMs: number, plugins: object) => {
  const clock = new URL('fixtures/clock.js', import.meta.url).href;
  const jump = { EASEL_TEST_JUMP_MS: `${jumpMs}`, NODE_OPTIONS: `--import ${clock}` };
  return await world.serve('worker', { server: { jobsAtOnce: 1 }, plugins: { ...plugins } }, jump);
};

beforeAll(async () => {
  world = await createWorld({ CHAOS_KEY: 'any' });
  redis = new Redis(world.redisPort, '127.0.0.1');
  [gateway, early, late] = await Promise.all([
    world.serve('gateway'),
    serveWorker(-hourMs, {}),
    serveWorker(hourMs, { chaos: { enabled: false } }),
  ]);
});
afterAll(async () => {
  redis?.disconnect();
  await world?.close();
});

it('clocks that jump by an hour, back and forth, neither stall a job nor give it to a worker that cannot do it', async () => {
  const leaseMs = Number(world.scale.leaseSeconds) * 1_000;
  // Both have one, for as long as it takes to say a few times what they are.
  const ids = [
    await submitSleep(gateway, { delayMs: 4 * leaseMs, isNoted: true }),
    await submitSleep(gateway, { delayMs: 4 * leaseMs, isNoted: true }),
  ];
  const said = ({ lines }: Server) => lines.map((line) => (JSON.parse(line) as { msg?: string }).msg);
  for (const worker of [early, late]) await expect.poll(() => said(worker)).toContain('begun');
  for (const { child } of [early, late]) child.kill('SIGUSR2');
  const response = await fetch(`${gateway.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture', model: 'chaos-one' }),
  });
  const { id } = (await response.json()) as { id: string };
  const read = async (one: string) => {
    const { state, error } = await jobAt(gateway, one);
    return error?.message ?? state;
  };
  for (const one of [...ids, id]) await expect.poll(() => read(one)).not.toMatch(/^(queued|running)$/);
  for (const one of [...ids, id]) expect(await read(one)).toBe('succeeded');
  for (const worker of [early, late]) expect(said(worker)).not.toContain('stopped');
  const entries = await redis.xrange('{easel}:provider/steady:events', '-', '+');
  expect(entries.filter(([, fields]) => fields.includes('stalled'))).toEqual([]);
  // Each counts as being there for the others.
  await fetch(`${gateway.url}/metrics`);
  expect(await redis.hlen('{easel}:workers')).toBe(2);
});
