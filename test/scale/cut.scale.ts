import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobAt, submitSleep } from './fixtures/jobs.js';
import { type RedisProxy, startRedisProxy } from './fixtures/redis-proxy.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

/** A worker with a proxy before Redis. */
interface Site {
  readonly server: Server;
  readonly redis: RedisProxy;
}

let world: World;
let gateway: Server;
let sites: readonly Site[];

async function serveWorker(): Promise<Site> {
  const redis = await startRedisProxy(world.redisPort);
  // Leases of the length that they have by default: the order below is one of seconds.
  const scale = { ...world.scale, leaseSeconds: 10, redis: `redis://127.0.0.1:${redis.port}` };
  return { server: await world.serve('worker', { scale }), redis };
}

beforeAll(async () => {
  world = await createWorld();
  [gateway, ...sites] = await Promise.all([world.serve('gateway'), serveWorker(), serveWorker()]);
});
afterAll(async () => {
  await world?.close();
  for (const { redis } of sites ?? []) redis.close();
});

/** When the plugin of a worker has begun, ended or stopped the calls that it notes. */
const notesOf = ({ server }: Site) =>
  server.lines.flatMap((line) => {
    const { msg: what, atMs } = JSON.parse(line) as { readonly msg?: string; readonly atMs?: number };
    return what !== undefined && atMs !== undefined ? [{ what, atMs }] : [];
  });
const saidBy = (site: Site) => notesOf(site).map(({ what }) => what);

it('a worker that is cut off from Redis stops before another begins', async () => {
  const id = await submitSleep(gateway, { delayMs: 8_000, isNoted: true });
  await expect.poll(() => sites.flatMap(saidBy)).toEqual(['begun']);
  const [site, other] = [...sites].sort((one, two) => saidBy(two).length - saidBy(one).length) as [
    Site,
    Site,
  ];
  site.redis.cut();
  await expect.poll(() => saidBy(other)).toEqual(['begun', 'ended']);
  expect(saidBy(site)).toEqual(['begun', 'stopped']);
  expect(notesOf(site)[1]?.atMs).toBeLessThan(notesOf(other)[0]?.atMs ?? 0);
  site.redis.heal();
  await expect.poll(async () => (await jobAt(gateway, id)).state).toBe('succeeded');
});
