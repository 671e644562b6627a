import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { Delivery, Outcome } from '../../scale/dist/redis/delivery.js';
import { leaseMs, openLanes as openLanesAt } from './fixtures/lanes.js';
import { createWorld, type World } from './fixtures/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => await world?.close());

const openLanes = () => openLanesAt(world.redisPort);
const [a, b, cloud] = ['model/a', 'model/b', 'provider/cloud'];

it('a worker does the jobs of the model that it has, and then those of another one', async () => {
  const { transport, done, work, add, close } = openLanes();
  for (const number of [1, 2, 3]) for (const lane of [a, b]) await add(lane, number);
  const moved = await add(a, 4);
  const removed = await add(b, 4);
  expect(await transport.setPriority(moved, 50)).toBe(true);
  await transport.cancel(removed);
  expect((await transport.places([moved, removed])).get(moved)).toMatchObject({ state: 'queued' });
  const before = await transport.pace();
  expect(before).toMatchObject({ queued: 7, places: 0 });
  expect(before.lanes?.find(({ lane }) => lane === b)).toMatchObject({ queued: 3, running: 0 });
  work(['jobs', a, b, cloud]);
  await expect.poll(() => done).toHaveLength(7);
  expect(done).toEqual([
    moved,
    ...[1, 2, 3].map((one) => `${a}.${one}`),
    ...[1, 2, 3].map((one) => `${b}.${one}`),
  ]);
  // It waits, and is told at once of what comes in any lane.
  for (const lane of [cloud, a, b]) {
    await add(lane, 9);
    await expect.poll(() => done.at(-1)).toBe(`${lane}.9`);
  }
  await expect.poll(async () => (await transport.pace()).running).toBe(0);
  const after = (await transport.pace()).lanes?.find(({ lane }) => lane === a);
  expect(after).toMatchObject({ queued: 0, places: 1, lastMs: [20, 20, 20, 20, 20] });
  expect(await transport.places([moved])).toEqual(new Map());
  await close();
});

it('a caller with one job waits for one of a caller with a thousand', async () => {
  const { done, work, add, close } = openLanes();
  for (let number = 0; number < 1_000; number += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(cloud, number + index, 'many')));
  const carryOut = async (): Promise<Outcome> => {
    await delay(20);
    return 'ended';
  };
  work([cloud], { carryOut });
  await expect.poll(() => done.length).toBeGreaterThan(2);
  const before = done.length;
  const one = await add(cloud, 1_000, 'one');
  await expect.poll(() => done).toContain(one);
  // The one at work, and those that end while it is put in.
  expect(done.indexOf(one) - before).toBeLessThan(10);
  await close();
});

it('a job waits no longer for another model than the patience of the worker', async () => {
  const { done, work, add, close } = openLanes();
  for (let number = 0; number < 30; number++) await add(a, number);
  await add(b, 0, 'another one');
  const carryOut = async (): Promise<Outcome> => {
    await delay(100);
    return 'ended';
  };
  work([a, b], { patienceMs: 500, carryOut });
  await expect.poll(() => done).toContain(`${b}.0`);
  expect(done.length).toBeGreaterThan(3);
  expect(done.length).toBeLessThan(31);
  await close();
});

it('a lane whose workers are gone is for all', async () => {
  const { transport, done, work, add, close } = openLanes();
  const gone = work([b]);
  await expect.poll(async () => (await transport.pace()).places).toBe(1);
  await gone.close();
  work([a]);
  await add(b, 1);
  await add(a, 1);
  await expect.poll(() => done).toEqual([`${a}.1`, `${b}.1`]);
  await close();
});

it('a lane whose workers are gone waits for them as long as it is told to', async () => {
  const { transport, done, work, add, close } = openLanes();
  const gone = work([b]);
  await expect.poll(async () => (await transport.pace()).places).toBe(1);
  await gone.close();
  work([a], { absentMs: 600_000 });
  await add(b, 1);
  // No worker was ever there for it.
  await add(cloud, 1);
  await expect.poll(() => done).toEqual([`${cloud}.1`]);
  // Longer than a worker counts that says nothing more, and others wait between two looks.
  await delay(10 * leaseMs);
  expect(done).toEqual([`${cloud}.1`]);
  work([b]);
  await expect.poll(() => done).toEqual([`${cloud}.1`, `${b}.1`]);
  await close();
});

it('a job that is put back in a lane comes again, and one that was lost counts its workers', async () => {
  const { done, work, add, close } = openLanes();
  const told: Delivery[] = [];
  const outcomes: Outcome[] = ['later', 'elsewhere', 'lost', 'closed', 'ended'];
  const carryOut = async (delivery: Delivery): Promise<Outcome> => {
    told.push(delivery);
    return outcomes[told.length - 1] ?? 'ended';
  };
  const id = await add(cloud, 1);
  work([cloud], { carryOut });
  await expect.poll(() => done).toEqual([id]);
  expect(told.map(({ waitedMs }) => waitedMs > 0)).toEqual([false, false, true, true, true]);
  expect(told.every(({ lostBefore }) => lostBefore === 0)).toBe(true);
  await close();
});

it.each([-1, 1])(
  'a job is brought again in time where the clock of its worker is %i hours ahead',
  async (hours) => {
    const { name, done, work, add, close } = openLanes();
    const id = await add(cloud, 1);
    const first = work([cloud], { carryOut: async () => 'elsewhere' });
    const redis = new Redis(world.redisPort, '127.0.0.1');
    await expect.poll(() => redis.zcard(`{${name}}:${cloud}:delayed`)).toBe(1);
    redis.disconnect();
    await first.close();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    const waited: number[] = [];
    const carryOut = async ({ waitedMs }: Delivery): Promise<Outcome> => {
      waited.push(waitedMs);
      return waited.length < 2 ? 'later' : 'ended';
    };
    work([cloud], { carryOut });
    await expect.poll(() => done).toEqual([id]);
    for (const ms of waited) expect(ms).toBeLessThan(600_000);
    await close();
  },
);

it('a provider that has no room is asked no more until it has, and others go on', async () => {
  const { done, work, add, close } = openLanes();
  const begunAt = new Map<string, number>();
  const refusedMs = 1_500;
  const carryOut = async ({ id, refusals }: Delivery): Promise<Outcome> => {
    if (id.startsWith(cloud) && begunAt.size === 0 && refusals === 0) {
      begunAt.set('refused', performance.now());
      return { refusedMs };
    }
    begunAt.set(id, performance.now());
    return 'ended';
  };
  const [first, second, other] = [await add(cloud, 1), await add(cloud, 2), await add(a, 1)];
  work([cloud, a], { carryOut });
  await expect.poll(() => [...done].sort()).toEqual([other, first, second].sort());
  expect(done[0]).toBe(other);
  for (const id of [first, second])
    expect((begunAt.get(id) ?? 0) - (begunAt.get('refused') ?? 0)).toBeGreaterThan(refusedMs * 0.9);
  await close();
});

it('all workers together have no more jobs of a provider at once than its limit', async () => {
  const { transport, done, work, add, close } = openLanes();
  await transport.limit(cloud, { atOnce: 1 });
  let atWork = 0;
  const most: number[] = [];
  const carryOut = async (): Promise<Outcome> => {
    most.push(++atWork);
    await delay(300);
    atWork--;
    return 'ended';
  };
  for (const number of [1, 2, 3]) await add(cloud, number);
  for (let worker = 0; worker < 2; worker++) work([cloud], { carryOut });
  await expect.poll(() => done).toHaveLength(3);
  expect(most).toEqual([1, 1, 1]);
  await close();
});

it('all workers together begin no more jobs of a provider in a minute than its limit', async () => {
  const { transport, done, work, add, close } = openLanes();
  await transport.limit(cloud, { perMinute: 2 });
  for (const number of [1, 2, 3]) await add(cloud, number);
  for (let worker = 0; worker < 2; worker++) work([cloud, a]);
  await expect.poll(() => done).toHaveLength(2);
  // They go on with others, and the third has not begun.
  const other = await add(a, 1);
  await expect.poll(() => done.at(-1)).toBe(other);
  expect(done).toHaveLength(3);
  await close();
});
