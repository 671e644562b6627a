import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChargeRow, Charges, RequestCounts } from '@easel/core/scale';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnRequestCounts } from '../../core/dist/http/access/request-counts.js';
import { DatabaseThread } from '../../core/dist/jobs/database/database-thread.js';
import { KeyStore } from '../../core/dist/keys/key-store.js';
import { ObjectDocuments } from '../../scale/dist/records/object-documents.js';
import { RedisCharges } from '../../scale/dist/redis/redis-charges.js';
import { RedisRequestCounts } from '../../scale/dist/redis/redis-request-counts.js';
import { cancelAt, jobAt, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

/** Jobs that a caller may have waiting. */
const mostJobs = 3;
let world: World;
let redis: Redis;
let folder: string;
let database: DatabaseThread;
let first: Server;
let second: Server;
let worker: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-together-'));
  database = new DatabaseThread(join(folder, 'jobs.sqlite'), () => {});
  world = await createWorld();
  redis = new Redis(world.redisPort, '127.0.0.1');
  const configuration = { server: { jobsPerKey: mostJobs, jobsAtOnce: 1 } };
  [first, second, worker] = (await Promise.all([
    world.serve('gateway', configuration),
    world.serve('gateway', configuration),
    world.serve('worker', configuration),
  ])) as [Server, Server, Server];
});
afterAll(async () => {
  redis?.disconnect();
  await database?.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

const kinds: readonly { name: string; counts(): RequestCounts; charges(): Charges }[] = [
  { name: 'one server', counts: () => new OwnRequestCounts(), charges: () => database.chargeTable },
  {
    name: 'several servers',
    counts: () => new RedisRequestCounts(redis, `{${randomUUID()}}`),
    charges: () => new RedisCharges(redis, '{charges}'),
  },
];

describe.each(kinds)('$name', ({ counts: openCounts, charges: openCharges }) => {
  it('counts the requests of each key, in a minute that ends', async () => {
    const counts = openCounts();
    const asked = await Promise.all([counts.count('a'), counts.count('a'), counts.count('a')]);
    expect(asked.map(({ requests }) => requests).sort()).toEqual([1, 2, 3]);
    for (const { leftMs } of asked) expect(leftMs).toBeGreaterThan(0);
    for (const { leftMs } of asked) expect(leftMs).toBeLessThanOrEqual(60_000);
    expect((await counts.count('b')).requests).toBe(1);
  });

  it('gives a key its places and no more, and a place again that is given back', async () => {
    const counts = openCounts();
    const taken = await Promise.all([1, 2, 3, 4].map(() => counts.enter('a', 2)));
    const leave = taken.filter((place) => place !== undefined);
    expect(leave).toHaveLength(2);
    expect(await counts.enter('b', 1)).toBeDefined();
    leave[0]?.();
    await expect.poll(async () => (await counts.enter('a', 2)) !== undefined).toBe(true);
    expect(await counts.enter('a', 2)).toBeUndefined();
  });

  const rowOf = (id: string, caller: string, amount: number | null): ChargeRow => ({
    ...{ id, caller, day: '2026-11-29', plugin: 'runware', model: 'a "model"', images: 2 },
    ...{ amount, currency: 'USD' },
  });

  it('does not let calls pass a budget together, and tells what is spent', async () => {
    const charges = openCharges();
    const caller = randomUUID();
    const limits = [{ caller, dollars: 0.5 }];
    const ids = Array.from({ length: 8 }, () => randomUUID());
    const all = await Promise.all(ids.map((id) => charges.reserve(rowOf(id, caller, 0.1), limits)));
    expect(all.filter(({ kind }) => kind === 'reserved')).toHaveLength(5);
    const refused = all.find(({ kind }) => kind === 'spent');
    expect(refused).toMatchObject({ limit: { caller, dollars: 0.5 }, amount: 0.1 });
    const [one, two, three] = ids.filter((_, place) => all[place]?.kind === 'reserved') as [
      string,
      string,
      string,
    ];
    // Under an id that is known nothing changes, whatever is left.
    expect(await charges.reserve(rowOf(one, caller, 9), limits)).toEqual({ kind: 'reserved' });
    await charges.book(rowOf(one, caller, 0.3));
    await charges.book(rowOf(two, caller, null));
    await charges.release(three);
    await charges.release(one);
    expect(await charges.spent('2026-11-29', caller)).toBeCloseTo(0.6);
    expect(await charges.spent('2026-11-30', caller)).toBe(0);
    const [total] = await charges.totals('provider', '2026-11-29', caller);
    expect(total).toMatchObject({ name: 'runware', currency: 'USD', calls: 4, unpriced: 0 });
    expect(total?.amount).toBeCloseTo(0.6);
    expect(total?.reserved).toBeCloseTo(0.2);
    expect(await charges.totals('day', '2026-11-30', caller)).toEqual([]);
    // A call that nobody knows the price of counts as much as the dearest of its kind.
    expect(await charges.reserve(rowOf(randomUUID(), caller, null), limits)).toMatchObject({
      kind: 'spent',
      amount: 0.3,
    });
    const other = { ...rowOf(randomUUID(), caller, null), model: randomUUID() };
    expect(await charges.reserve(other, limits)).toEqual({ kind: 'unknown' });
    await charges.forget('2026-11-30');
    expect(await charges.totals('key', '2026-11-29', caller)).toEqual([]);
  });
});

it('of servers that change a text at once, each changes what the other has written', async () => {
  const open = () => new ObjectDocuments(world.objects, { tell: () => {} });
  const [one, two] = [open(), open()];
  const heard: string[] = [];
  one.follow('list', (text) => heard.push(text));
  const add = (documents: ObjectDocuments, letter: string) =>
    documents.change('list', (text = '') => `${text}${letter}`);
  for (let round = 0; round < 6; round++) await Promise.all([add(one, 'a'), add(two, 'b')]);
  await add(two, 'c');
  const text = (await one.read('list')) ?? '';
  expect([...text].sort().join('')).toBe(`${'a'.repeat(6)}${'b'.repeat(6)}c`);
  await one.look('list');
  expect(heard).toEqual([text]);
});

it('a caller has so many jobs at all gateways together, and is told when one has probably ended', async () => {
  const shortMs = 2_000;
  const short = await submitSleep(first, { delayMs: shortMs });
  await expect.poll(async () => (await jobAt(second, short)).state).toBe('succeeded');
  const ids: string[] = [];
  for (const server of [first, second, first]) ids.push(await submitSleep(server, { delayMs: 600_000 }));
  const refused = await fetch(`${second.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture' }),
  });
  expect(refused.status).toBe(429);
  const retryS = Number(refused.headers.get('retry-after'));
  // As long as the one took that has ended, for each that waits or runs: there is one place.
  const tookS = Number(await redis.lindex('{easel}:durations:provider/steady', 0)) / 1_000;
  expect(retryS).toBeGreaterThanOrEqual(shortMs / 1_000);
  expect(retryS).toBeLessThan(tookS * mostJobs + 1);
  for (const id of ids) expect((await cancelAt(second, id)).state).toBe('cancelled');
  const next = await submitSleep(second, { delayMs: 0 });
  await expect.poll(async () => (await jobAt(first, next)).state).toBe('succeeded');

  // The gallery of each shows both, of one that was started later, too.
  const madeAt = async ({ url }: Server) => {
    const { images } = (await (await fetch(`${url}/api/images/gallery`)).json()) as {
      images: { job: string }[];
    };
    return images.map(({ job }) => job);
  };
  const late = await world.serve('gateway');
  for (const server of [first, second, late])
    await expect.poll(async () => await madeAt(server)).toContain(next);
  await late.end('SIGTERM');
});

it('a plugin that is switched off at one server is off at all, and on again', async () => {
  const stateAt = async ({ url }: Server) => {
    const { plugins } = (await (await fetch(`${url}/api/admin/plugins`)).json()) as {
      plugins: { id: string; state: string }[];
    };
    return plugins.find(({ id }) => id === 'steady')?.state === 'disabled';
  };
  const switchAt = async ({ url }: Server, what: string) =>
    await fetch(`${url}/api/admin/plugins/steady/${what}`, { method: 'POST' });
  const everywhere = async () => await Promise.all([first, second, worker].map(stateAt));
  expect((await switchAt(first, 'disable')).status).toBe(200);
  await expect.poll(everywhere).toEqual([true, true, true]);
  const late = await world.serve('worker');
  expect(await stateAt(late)).toBe(true);
  await late.end('SIGTERM');
  expect((await switchAt(second, 'enable')).status).toBe(200);
  await expect.poll(everywhere).toEqual([false, false, false]);
  const id = await submitSleep(first, { delayMs: 0 });
  await expect.poll(async () => (await jobAt(second, id)).state).toBe('succeeded');
});

it('a key that is made at one gateway opens all, its limit is one of all, and it is revoked at all', async () => {
  const { key, text } = await new KeyStore(first.storageFolder).create({
    ...{ name: 'a test', scopes: ['generate', 'read'], perMinute: 4 },
  });
  const headers = { authorization: `Bearer ${text}` };
  const ask = async ({ url }: Server, shown = {}) =>
    (await fetch(`${url}/api/images/models`, { headers: shown })).status;
  await expect.poll(async () => await ask(second)).toBe(401);
  const statuses: number[] = [];
  for (const server of [first, second, first, second, first, second])
    statuses.push(await ask(server, headers));
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  await new KeyStore(second.storageFolder).revoke(key.id);
  await expect.poll(async () => await ask(first, headers)).toBe(401);
});
