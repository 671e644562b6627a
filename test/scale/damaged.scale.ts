import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JobAnswer, jobAt, statesOf, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

let world: World;
let gateway: Server;

beforeAll(async () => {
  world = await createWorld();
  gateway = await world.serve('gateway');
});
afterAll(async () => await world?.close());

it.each([
  ['is no JSON', '{"id": "j'],
  ['says something else', '{"id": 7}'],
  ['has a request that is no JSON', ''],
])('a job whose record %s fails, and keeps no other one waiting', async (what, text) => {
  const ids: string[] = [];
  for (let number = 0; number < 4; number++)
    ids.push(await submitSleep(gateway, { delayMs: 10 }, `${what} ${number}`));
  // All others come after it where records are compared with the queue.
  const [damaged = '', ...others] = [...ids].sort();
  const key = `jobs/${damaged}/job.json`;
  const whole = JSON.parse(Buffer.from((await world.objects.get(key)) ?? []).toString('utf8')) as object;
  const written = text || JSON.stringify({ ...whole, request: '{' });
  await world.objects.put(key, Buffer.from(written), 'application/json');
  await world.loseRedis();
  await world.startRedis();
  const worker = await world.serve('worker');
  await expect.poll(() => statesOf(gateway, others)).toEqual(others.map(() => 'succeeded'));
  await expect.poll(async () => (await jobAt(gateway, damaged)).error?.code).toBe('ERR_STORAGE');
  const list = await fetch(`${gateway.url}/api/images/jobs`);
  const { jobs } = (await list.json()) as { jobs: JobAnswer[] };
  expect(jobs.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  await expect.poll(() => world.leftovers()).toMatchObject({ open: 0, queued: 0 });
  // Its caller may ask again under its key, and is told the same.
  const key0 = `${what} ${ids.indexOf(damaged)}`;
  expect(await submitSleep(gateway, { delayMs: 10 }, key0)).toBe(damaged);
  await worker.end('SIGTERM');
});

it('a job that the queue brings although its record or its end cannot be read ends there', async () => {
  const ids = [
    await submitSleep(gateway, { delayMs: 10 }),
    await submitSleep(gateway, { delayMs: 10 }),
    await submitSleep(gateway, { delayMs: 10 }),
  ];
  const [job, end, asked] = ids;
  const write = async (name: string) =>
    await world.objects.put(`jobs/${name}.json`, Buffer.from('{'), 'application/json');
  for (const name of [`${job}/job`, `${end}/end`, `${asked}/asked`]) await write(name);
  const worker = await world.serve('worker');
  for (const id of ids)
    await expect.poll(async () => (await jobAt(gateway, id)).error?.code).toBe('ERR_STORAGE');
  // Who may have been paid cannot be told.
  expect((await jobAt(gateway, asked ?? '')).error?.mayBePaid).toBe(true);
  await expect.poll(() => world.leftovers()).toMatchObject({ open: 0, queued: 0 });
  await worker.end('SIGTERM');
});
