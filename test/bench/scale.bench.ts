/**
 * What a queue between machines costs: jobs of a plugin that sleeps, through one gateway and 1, 2 and 4
 * workers on a real Redis and S3 server, beside plain BullMQ on the same Redis with the same sleeps.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { idOf } from '../../scale/dist/records/job-id.js';
import { JobTransport } from '../../scale/dist/redis/job-transport.js';
import { createWorld, type Server, type World } from '../scale/fixtures/world.js';
import { cpuOfTrees } from './cpu-of-trees.js';

const isQuick = process.argv.includes('--quick');
const sleepMs = 500;
const placesEach = 4;
const jobsEach = isQuick ? 24 : 80;
const alone = isQuick ? 10 : 40;

const configuration = {
  plugins: { steady: { runtime: { concurrency: placesEach, queue: placesEach } } },
  server: { jobsAtOnce: placesEach, accessLog: false },
};

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((one, other) => one - other)[Math.floor(share * (values.length - 1))] ?? Number.NaN;

async function submit({ url }: Server, delayMs: number): Promise<string> {
  const response = await fetch(`${url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture', provider_options: { steady: { delayMs } } }),
  });
  if (response.status !== 202) throw new Error(await response.text());
  return ((await response.json()) as { id: string }).id;
}

/** Resolves when a job has ended, as its events say. */
async function ended({ url }: Server, id: string): Promise<void> {
  const text = await (await fetch(`${url}/api/images/jobs/${id}/events`)).text();
  if (!text.includes('"state":"succeeded"')) throw new Error(`${id}: ${text.slice(-300)}`);
}

/** Jobs a second, and milliseconds of processor that each of the processes has used for a job. */
async function easelThroughput(world: World, gateway: Server, workers: readonly Server[]) {
  // The plugins of all workers have started before it counts.
  await runThrough(gateway, workers.length * placesEach * 2);
  const count = workers.length * jobsEach;
  const used = () => {
    const [s3, redis, own, ...others] = cpuOfTrees([
      world.pids.s3,
      world.pids.redis,
      ...[gateway, ...workers].map(({ child }) => child.pid ?? 0),
    ]);
    return { s3, redis, gateway: own, workers: others.reduce((sum, one) => sum + one, 0) };
  };
  const before = used();
  const tookMs = await runThrough(gateway, count);
  const after = used();
  const cpu = (['s3', 'redis', 'gateway', 'workers'] as const).map(
    (name) => `${name} ${((((after[name] ?? 0) - (before[name] ?? 0)) * 1_000) / count).toFixed(0)}`,
  );
  return { jobsASecond: (count * 1_000) / tookMs, cpu: cpu.join(', ') };
}

async function runThrough(gateway: Server, count: number): Promise<number> {
  const startedAt = performance.now();
  const ids = await Promise.all(Array.from({ length: count }, () => submit(gateway, sleepMs)));
  await Promise.all(ids.map((id) => ended(gateway, id)));
  return performance.now() - startedAt;
}

async function plainThroughput({ redisPort: port }: World, workers: number): Promise<number> {
  const connection = { host: '127.0.0.1', port };
  const name = randomUUID();
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  await events.waitUntilReady();
  // Each job that is waited for listens to both.
  for (const one of [queue, events]) one.setMaxListeners(0);
  const working = Array.from(
    { length: workers },
    () => new Worker(name, async () => await delay(sleepMs), { connection, concurrency: placesEach }),
  );
  await Promise.all(working.map((worker) => worker.waitUntilReady()));
  const count = workers * jobsEach;
  const startedAt = performance.now();
  const jobs = await Promise.all(Array.from({ length: count }, () => queue.add('job', {})));
  await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  const jobsASecond = (count * 1_000) / (performance.now() - startedAt);
  for (const one of [...working, events, queue]) await one.close();
  return jobsASecond;
}

/** What Redis grows by, over so many jobs that its growth in steps does not count. */
async function bytesAJob({ redisPort }: World, count: number): Promise<number> {
  const servers = `redis://127.0.0.1:${redisPort}`;
  const redis = new Redis(redisPort, '127.0.0.1');
  // As a gateway puts them in, without the gateway.
  const transport = new JobTransport({ servers, password: undefined }, randomUUID());
  const used = async () => Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const add = async () =>
    await transport.add({
      id: idOf('', randomUUID()),
      caller: 'a key',
      priority: 0,
      lane: 'model/sdxl-base',
    });
  await add();
  const before = await used();
  for (let added = 0; added < count; added += 100) await Promise.all(Array.from({ length: 100 }, add));
  const bytes = (await used()) - before;
  await transport.close();
  redis.disconnect();
  return bytes / count;
}

const world = await createWorld();
try {
  console.log(`Redis holds ${Math.round(await bytesAJob(world, 20_000))} bytes a job that waits`);
  const gateway = await world.serve('gateway', configuration);
  const workers: Server[] = [];
  for (const wanted of [1, 2, 4]) {
    while (workers.length < wanted) workers.push(await world.serve('worker', configuration));
    const { jobsASecond: easel, cpu } = await easelThroughput(world, gateway, workers);
    const plain = await plainThroughput(world, wanted);
    const ideal = (wanted * placesEach * 1_000) / sleepMs;
    console.log(
      `${wanted} workers: ${easel.toFixed(1)} jobs/s, plain BullMQ ${plain.toFixed(1)}, ideal ${ideal}; ratio ${(easel / plain).toFixed(2)}; milliseconds of processor a job: ${cpu}`,
    );
  }
  const added: number[] = [];
  for (let job = 0; job < alone; job++) {
    const startedAt = performance.now();
    await ended(gateway, await submit(gateway, sleepMs));
    added.push(performance.now() - startedAt - sleepMs);
  }
  console.log(
    `added to a job alone: p50 ${Math.round(percentile(added, 0.5))} ms, p99 ${Math.round(percentile(added, 0.99))} ms`,
  );
} finally {
  await world.close();
}
process.exit(0);
