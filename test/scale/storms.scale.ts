import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cancelAt, statesOf, submitSleep } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

/** The page of the design has 1,000; so many by command. */
const cancels = Number(process.env.EASEL_CANCELS ?? 60);
const atOnce = 10;
let world: World;
let redis: Redis;
let gateways: readonly [Server, Server];
let workers: Server[];

beforeAll(async () => {
  world = await createWorld();
  redis = new Redis(world.redisPort, '127.0.0.1');
  const [one, two, ...others] = await Promise.all([
    world.serve('gateway'),
    world.serve('gateway'),
    world.serve('worker'),
    world.serve('worker'),
  ]);
  gateways = [one, two];
  workers = others;
});
afterAll(async () => {
  redis?.disconnect();
  await world?.close();
});

it('workers that are all told to end one after the other lose no job, and none is brought again', async () => {
  const [gateway] = gateways;
  const ids: string[] = [];
  let isStorm = true;
  const calling = (async () => {
    while (isStorm) {
      ids.push(await submitSleep(gateway, { delayMs: 500 }));
      await delay(200);
    }
  })();
  for (const [place, worker] of workers.entries()) {
    await delay(1_000);
    const exited = once(worker.child, 'exit');
    worker.child.kill('SIGTERM');
    await exited;
    workers[place] = await worker.again();
  }
  isStorm = false;
  await calling;
  await expect.poll(() => statesOf(gateway, ids)).toEqual(ids.map(() => 'succeeded'));
  const entries = await redis.xrange('{easel}:provider/steady:events', '-', '+');
  expect(entries.filter(([, fields]) => fields.includes('stalled'))).toEqual([]);
});

it(`of ${cancels} jobs that are cancelled at some age, none has an image after that was answered`, async () => {
  const ages = Array.from({ length: cancels }, (_, number) => (number * 37) % 600);
  const ids: string[] = [];
  const reversed = [gateways[1], gateways[0]] as const;
  const cancelled = new Map<string, string>();
  const cancelOne = async (number: number): Promise<void> => {
    const [first, second] = number % 2 ? gateways : reversed;
    const id = await submitSleep(first, { delayMs: 200 });
    ids.push(id);
    await delay(ages[number]);
    cancelled.set(id, (await cancelAt(second, id)).state);
  };
  for (let number = 0; number < cancels; number += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, cancels - number) }, (_, index) => number + index);
    await Promise.all(some.map(cancelOne));
  }
  // Some had ended before; all others have no other end.
  const asked = ids.filter((id) => cancelled.get(id) === 'cancelled');
  expect(asked.length).toBeGreaterThan(cancels / 10);
  await expect.poll(() => world.leftovers()).toEqual({ open: 0, queued: 0, outstanding: 0 });
  for (const id of asked) {
    const end = JSON.parse(
      Buffer.from((await world.objects.get(`jobs/${id}/end.json`)) ?? []).toString('utf8'),
    );
    expect(end).toMatchObject({ state: 'cancelled' });
    expect(end.result).toBeUndefined();
  }
  const states = await statesOf(gateways[0], asked);
  expect(states).toEqual(asked.map(() => 'cancelled'));
});
