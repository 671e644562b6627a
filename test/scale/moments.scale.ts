import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { cancelAt, jobAt, statesOf, submitSleep } from './fixtures/jobs.js';
import { type RedisProxy, startRedisProxy } from './fixtures/redis-proxy.js';
import { type Passing, type S3Proxy, startS3Proxy } from './fixtures/s3-proxy.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

/** A server with a proxy before each of what it shares. */
interface Site {
  server: Server;
  readonly s3: S3Proxy;
  readonly redis: RedisProxy;
}

let world: World;
let gateway: Server;
let cut: Site;
let workers: readonly [Site, Site];
const sites: Site[] = [];

async function serve(role: 'gateway' | 'worker'): Promise<Site> {
  const s3 = await startS3Proxy(world.s3.endpoint);
  const redis = await startRedisProxy(world.redisPort);
  const server = await world.serve(role, {
    scale: {
      ...{ ...world.scale, leaseSeconds: 5 },
      redis: `redis://127.0.0.1:${redis.port}`,
      s3: { ...world.s3, endpoint: s3.endpoint },
    },
  });
  const site = { server, s3, redis };
  sites.push(site);
  return site;
}

beforeAll(async () => {
  world = await createWorld();
  const [one, two, three, four] = await Promise.all([
    world.serve('gateway'),
    serve('gateway'),
    serve('worker'),
    serve('worker'),
  ]);
  [gateway, cut, workers] = [one, two, [three, four]];
});
afterEach(async () => {
  for (const { s3, redis } of sites) {
    s3.calm();
    redis.heal();
  }
  await expect.poll(() => world.leftovers()).toEqual({ open: 0, queued: 0, outstanding: 0 });
});
afterAll(async () => {
  await world?.close();
  for (const { s3, redis } of sites) {
    s3.close();
    redis.close();
  }
});

const isEnd = ({ method, key }: Passing) => method === 'PUT' && key.endsWith('/end.json');
const isRecord = ({ method, key }: Passing) => method === 'PUT' && key.endsWith('/job.json');
/** What a worker asks for first when the queue has brought it a job. */
const isTaken = ({ method, key }: Passing) => method === 'GET' && /^jobs\/\w+\/$/.test(key);
const jobOf = ({ key }: Passing) => key.split('/')[1] ?? '';
const stateOf = async (id: string) => (await jobAt(gateway, id)).state;
/** How often S3 took an end of a job from the servers that have a proxy. */
const endsOf = (id: string) =>
  sites.reduce((sum, { s3 }) => sum + (s3.written.get(`jobs/${id}/end.json`) ?? 0), 0);

/** A request that stands still until it may go on, or is answered with a status. */
interface Moment {
  readonly site: Site;
  readonly passing: Passing;
  goOn(status?: number): void;
}

/** The first request of its kind at one of the servers, before S3 has done it or after. */
const moment = (
  at: readonly Site[],
  when: 'before' | 'after',
  isIt: (passing: Passing) => boolean,
): Promise<Moment> =>
  new Promise((resolve) => {
    let isOver = false;
    for (const site of at)
      site.s3[when] = async (passing) => {
        if (isOver || !isIt(passing)) return undefined;
        isOver = true;
        return await new Promise<number | undefined>((goOn) => resolve({ site, passing, goOn }));
      };
  });

it.each([
  ['has stored its image, before it writes the end', 'before'],
  ['has written the end, before the queue knows', 'after'],
] as const)('of a worker that is killed when it %s, there is one end', async (_, when) => {
  const next = moment(workers, when, isEnd);
  const id = await submitSleep(gateway, { delayMs: 100 });
  const { site, goOn } = await next;
  await site.server.end('SIGKILL');
  goOn(503);
  await expect.poll(() => stateOf(id)).toBe('succeeded');
  expect(endsOf(id)).toBe(1);
  site.server = await site.server.again();
});

it('the end of a worker that stood still beyond its lease comes too late', async () => {
  const next = moment(workers, 'before', isEnd);
  const id = await submitSleep(gateway, { delayMs: 100 });
  const { site, goOn } = await next;
  site.server.child.kill('SIGSTOP');
  await expect.poll(() => stateOf(id)).toBe('succeeded');
  const end = await world.objects.get(`jobs/${id}/end.json`);
  // What it had sent before it stood still arrives now, and it goes on.
  goOn();
  site.server.child.kill('SIGCONT');
  const others = await Promise.all(Array.from({ length: 4 }, () => submitSleep(gateway, { delayMs: 300 })));
  await expect.poll(() => statesOf(gateway, others)).toEqual(others.map(() => 'succeeded'));
  expect(await world.objects.get(`jobs/${id}/end.json`)).toEqual(end);
  expect(endsOf(id)).toBe(1);
});

it('what a gateway has written down is done, though it is killed before the queue has it', async () => {
  const next = moment([cut], 'after', isRecord);
  const refused = submitSleep(cut.server, { delayMs: 0 }, 'killed').catch((error: Error) => error.message);
  const { site, passing, goOn } = await next;
  await site.server.end('SIGKILL');
  goOn();
  expect(await refused).toBe('fetch failed');
  await expect.poll(() => stateOf(jobOf(passing))).toBe('succeeded');
  // The caller does not know, and asks again.
  expect(await submitSleep(gateway, { delayMs: 0 }, 'killed')).toBe(jobOf(passing));
  expect(endsOf(jobOf(passing))).toBe(1);
  site.server = await site.server.again();
});

it.each([
  ['before the queue has it', () => moment([cut], 'after', isRecord)],
  ['before its worker has read it', () => moment(workers, 'before', isTaken)],
  ['when its image is stored, before its end is', () => moment(workers, 'before', isEnd)],
])('a job that is cancelled %s has no other end', async (_, begin) => {
  const next = begin();
  const submitted = submitSleep(cut.server, { delayMs: 0 });
  const { passing, goOn } = await next;
  const id = jobOf(passing);
  expect(await cancelAt(gateway, id)).toMatchObject({ id, state: 'cancelled' });
  goOn();
  expect(await submitted).toBe(id);
  await delay(500);
  expect(await stateOf(id)).toBe('cancelled');
  expect(endsOf(id)).toBe(0);
});

it('jobs wait while S3 refuses, and are done once', async () => {
  const next = moment(workers, 'before', ({ key }) => key.startsWith('results/'));
  const ids = await Promise.all(Array.from({ length: 3 }, () => submitSleep(gateway, { delayMs: 100 })));
  const { goOn } = await next;
  for (const { s3 } of sites) s3.before = async () => 503;
  goOn(503);
  const refused = await fetch(`${cut.server.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture' }),
  });
  expect(refused.status).toBe(503);
  for (const { s3 } of sites) s3.calm();
  await expect.poll(() => statesOf(gateway, ids)).toEqual(ids.map(() => 'succeeded'));
  expect(ids.map(endsOf)).toEqual(ids.map(() => 1));
});

it('a worker that alone does not reach S3 leaves its job to another one', async () => {
  const next = moment(workers, 'before', ({ key }) => key.startsWith('results/'));
  const id = await submitSleep(gateway, { delayMs: 100 });
  const { site, goOn } = await next;
  site.s3.before = async () => 503;
  goOn(503);
  await expect.poll(() => stateOf(id)).toBe('succeeded');
  expect(site.s3.written.has(`jobs/${id}/end.json`)).toBe(false);
  expect(endsOf(id)).toBe(1);
});

it('a job that ends its workers is given up after the fourth', async () => {
  const back = new Map<Site, Promise<void>>();
  let next = moment(workers, 'after', isTaken);
  const id = await submitSleep(gateway, { delayMs: 60_000 });
  for (let lost = 0; lost < 4; lost++) {
    const { site, goOn } = await next;
    await back.get(site);
    next = moment(workers, 'after', isTaken);
    await site.server.end('SIGKILL');
    goOn();
    const started = site.server.again().then((server) => {
      site.server = server;
    });
    back.set(site, started);
  }
  (await next).goOn();
  await expect.poll(() => stateOf(id)).toBe('failed');
  expect((await jobAt(gateway, id)).error?.code).toBe('ERR_PLUGIN_CRASHED');
  await Promise.all(back.values());
});
