import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JobAnswer, jobAt, statesOf, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

/** Jobs that begin in a minute: more than there are here. */
const most = 10_000;
let world: World;
let first: Server;
let second: Server;
let workers: Server[];

beforeAll(async () => {
  world = await createWorld();
  const configuration = { scale: { ...world.scale, limits: { steady: { perMinute: most } } } };
  [first, second, ...workers] = (await Promise.all([
    world.serve('gateway', configuration),
    world.serve('gateway', configuration),
    world.serve('worker', configuration),
    world.serve('worker', configuration),
  ])) as [Server, Server, Server, Server];
});
afterAll(async () => await world?.close());

const submit = (server: Server, delayMs: number) => submitSleep(server, { delayMs });
const all = (state: string, ids: readonly string[]) => ids.map(() => state);

/** What the events of a job say until they end, or until one that is wanted. */
async function* eventsOf({ url }: Server, id: string, lastId?: string) {
  const response = await fetch(`${url}/api/images/jobs/${id}/events`, {
    headers: lastId ? { 'last-event-id': lastId } : {},
  });
  let text = '';
  if (!response.body) return;
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field('event')) yield { name: field('event'), id: field('id'), data: field('data') ?? '' };
    }
  }
}

it('jobs of a worker that is killed are done by another, each with one end', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => submit(first, 1_500)));
  await expect.poll(async () => (await statesOf(second, ids)).includes('running')).toBe(true);
  const killedAt = performance.now();
  await workers[0]?.end('SIGKILL');
  await expect.poll(() => statesOf(second, ids)).toEqual(all('succeeded', ids));
  console.log(`taken over and done ${Math.round(performance.now() - killedAt)} ms after the kill`);
  workers[0] = (await workers[0]?.again()) as Server;
});

it('a running job is cancelled at another gateway, and its worker stops', async () => {
  const id = await submit(first, 30_000);
  await expect.poll(async () => (await jobAt(second, id)).state).toBe('running');
  const response = await fetch(`${second.url}/api/images/jobs/${id}`, { method: 'DELETE' });
  expect(((await response.json()) as JobAnswer).state).toBe('cancelled');
  expect((await jobAt(first, id)).state).toBe('cancelled');
  // The places are free again long before the work would have been done.
  const next = await Promise.all(Array.from({ length: 4 }, () => submit(first, 10)));
  await expect.poll(() => statesOf(first, next)).toEqual(all('succeeded', next));
});

it('the events of a job go on at another gateway where they were, and end', async () => {
  const id = await submit(first, 8_000);
  let lastId: string | undefined;
  for await (const event of eventsOf(first, id)) {
    lastId = event.id;
    if (event.name === 'progress') break;
  }
  expect(lastId).toMatch(/^running:0/);
  const rest: string[] = [];
  for await (const { name, id: eventId, data } of eventsOf(second, id, lastId)) {
    rest.push(name === 'state' ? (JSON.parse(data) as JobAnswer).state : 'progress');
    lastId = eventId;
  }
  // It has been told of the state before.
  expect(rest[0]).toBe('progress');
  expect(rest.at(-1)).toBe('succeeded');
  const again = await fetch(`${first.url}/api/images/jobs/${id}/events`, {
    headers: { 'last-event-id': lastId ?? '' },
  });
  expect(again.status).toBe(204);
});

it('what was accepted is done although Redis loses all that it has', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, () => submit(first, 1_000)));
  await world.loseRedis();
  const response = await fetch(`${first.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture' }),
  });
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  await world.startRedis();
  await expect.poll(() => statesOf(first, ids)).toEqual(all('succeeded', ids));
  const redis = new Redis(world.redisPort, '127.0.0.1');
  expect(await redis.hget('{easel}:provider/steady:meta', 'max')).toBe(`${most}`);
  redis.disconnect();
});

it('workers that are told to end finish what they do, and others do the rest', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, () => submit(first, 800)));
  await expect.poll(async () => (await statesOf(first, ids)).includes('running')).toBe(true);
  const [worker] = workers as [Server, ...Server[]];
  const exited = once(worker.child, 'exit');
  worker.child.kill('SIGTERM');
  await exited;
  await expect.poll(() => statesOf(first, ids)).toEqual(all('succeeded', ids));
});
