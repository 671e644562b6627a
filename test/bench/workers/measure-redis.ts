import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { JobTransport } from '../../../scale/dist/redis/job-transport.js';
import { readHeads } from '../../../scale/dist/redis/lane-heads.js';
import { LaneReader, type Taken } from '../../../scale/dist/redis/lane-reader.js';
import { Leases } from '../../../scale/dist/redis/leases.js';
import { RedisClock } from '../../../scale/dist/redis/redis-clock.js';
import { WorkerBoard } from '../../../scale/dist/redis/worker-board.js';
import { freePort, untilListening } from '../../scale/fixtures/ports.js';

/** Microseconds of processor that a real Redis takes for each of what servers ask of it. */
export interface RedisTimes {
  /** A job is put in. */
  readonly add: number;
  /** A worker looks at its lanes and takes a job. */
  readonly take: number;
  /** A job has ended, as the queue and all that counts jobs are told. */
  readonly end: number;
  /** The lease of a job is renewed. */
  readonly renew: number;
  /** A worker asks whether its job has been cancelled. */
  readonly askEnded: number;
  /** A worker looks at its lanes, and there is nothing. */
  readonly look: number;
  /** A worker says what it can do. */
  readonly announce: number;
  /** A worker asks whether it is the one to look for lost jobs of a lane, and is not. */
  readonly askStalled: number;
  /** A message is brought to one of those that listen. */
  readonly deliver: number;
  /** A job is looked up where it is compared with the records. */
  readonly compare: number;
}

const listeners = 100;

/** @param lanes that each worker can do @param count of each */
export async function measureRedis(lanes: readonly string[], count: number): Promise<RedisTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-workers-'));
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''],
    { stdio: 'ignore' },
  );
  try {
    await untilListening(port, child);
    return await measureAt(port, lanes, count);
  } finally {
    await end(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function measureAt(port: number, lanes: readonly string[], count: number): Promise<RedisTimes> {
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
  const waiting = redis.duplicate();
  const name = 'workers';
  const transport = new JobTransport({ servers: `redis://127.0.0.1:${port}`, password: undefined }, name);
  const reader = new LaneReader({ name, leaseMs: 3_600_000, redis, waiting, clock: new RedisClock() });
  const board = new WorkerBoard(redis, name);
  const leases = new Leases(redis, 3_600_000);
  reader.read(lanes);
  const usedUs = async () => {
    const info = await redis.info('cpu');
    const seconds = (field: string) => Number(new RegExp(`${field}:([\\d.]+)`).exec(info)?.[1]);
    return (seconds('used_cpu_sys_main_thread') + seconds('used_cpu_user_main_thread')) * 1e6;
  };
  const measure = async (times: number, work: (turn: number) => Promise<unknown>) => {
    const before = await usedUs();
    for (let turn = 0; turn < times; turn++) await work(turn);
    return ((await usedUs()) - before) / times;
  };
  const ids = Array.from({ length: count }, () => `j${randomUUID().replaceAll('-', '')}`);
  const laneAt = (turn: number) => lanes[turn % lanes.length] ?? '';
  const add = await measure(count, (turn) =>
    transport.add({ id: ids[turn] ?? '', caller: `${turn % 50}`, priority: 0, lane: laneAt(turn) }),
  );
  const compare = (await measure(20, () => transport.places(ids.slice(0, 1_000)))) / 1_000;
  const taken: Taken[] = [];
  const situation = { own: new Set<string>(), ownForMs: 0, patienceMs: 30_000 };
  const take = await measure(count, async () => {
    const next = await reader.take(situation);
    if (next) taken.push(next);
  });
  const [one] = taken;
  if (!one || taken.length !== count) throw new Error(`${taken.length} of ${count} jobs were taken`);
  leases.hold(one.job.id ?? '', one.worker, one.token, 0);
  const renew = await measure(count, () => leases.renew());
  const askEnded = await measure(count, () => redis.mget('{workers}:ended:one'));
  const end = await measure(count, async (turn) => {
    const { job, token, lane } = taken[turn] as Taken;
    await job.moveToCompleted(undefined, token, false);
    await transport.forget({ id: job.id ?? '', caller: `${turn % 50}`, lane }, 4_000);
  });
  const look = await measure(count, () => readHeads(redis, name, lanes));
  const told = { places: 1, lanes: [...lanes], loaded: lanes.slice(0, 1) };
  const announce = await measure(count, (turn) =>
    board.tell(`${turn % 100}`, told, { leaseMs: 10_000, absentMs: 600_000 }),
  );
  const askStalled = await measure(count, () => one.worker.backend.moveStalledJobsToWait());
  const all = Array.from({ length: listeners }, () => redis.duplicate());
  await Promise.all(all.map((listener) => listener.subscribe('events')));
  const message = JSON.stringify({
    type: 'progress',
    id: ids[0],
    progress: { stage: 'generate', fraction: 0.5 },
  });
  const deliver = (await measure(count, () => redis.publish('events', message))) / listeners;
  for (const listener of all) listener.disconnect();
  await reader.close();
  await transport.close();
  for (const connection of [redis, waiting]) connection.disconnect();
  return { add, take, end, renew, askEnded, look, announce, askStalled, deliver, compare };
}
