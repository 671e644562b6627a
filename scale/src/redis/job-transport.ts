import { createHash } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectForCommands, type RedisPlace, withRedis } from './connect.js';

/** Priorities of BullMQ go from 1, the first, to 2,097,151; jobs have -100 to 100, the highest first. */
const highest = 100;
const perLevel = 10_000;
/** Milliseconds for which a job counts as its caller's, should nobody tell of its end. */
const outstandingMs = 24 * 3_600_000;
const retryMs = 2_000;
const cancelS = 3_600;

/** The priority that BullMQ has for a job whose caller has so many. */
const placeOf = (priority: number, outstanding: number): number =>
  (highest - priority) * perLevel + Math.min(outstanding, perLevel - 1) + 1;

export interface TransportedJob {
  readonly id: string;
  readonly caller: string;
  readonly priority: number;
}

/** Where a job of the queue is. */
export interface QueuePlace {
  readonly state: 'queued' | 'running';
  /** Milliseconds since 1970. Undefined: it was not begun. */
  readonly startedAt: number | undefined;
}

/**
 * Brings the ids of jobs to workers, by BullMQ. All that is in it can be made again of the records; it may be
 * lost as a whole.
 */
export class JobTransport {
  readonly #queue: Queue;
  readonly #redis: Redis;
  readonly #name: string;

  constructor(place: RedisPlace, name: string) {
    this.#name = name;
    this.#redis = connectForCommands(place);
    this.#queue = new Queue(queueName, { connection: this.#redis, prefix: prefixOf(name) });
    this.#queue.on('error', () => {});
  }

  /**
   * Puts a job in; one that is in already stays as it is. Of equal priority, the job goes first whose caller
   * has the fewest.
   */
  async add({ id, caller, priority }: TransportedJob): Promise<void> {
    await withRedis(async () => {
      const outstanding = await this.outstanding(caller);
      await this.#redis.zadd(this.#outstandingKey(caller), 'NX', Date.now(), id);
      await this.#queue.add(
        'job',
        {},
        {
          jobId: id,
          priority: placeOf(priority, outstanding),
          // A worker that cannot read the job now tries again, or another one does.
          attempts: Number.MAX_SAFE_INTEGER,
          backoff: { type: 'fixed', delay: retryMs },
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    });
  }

  /** Gives a job that waits another place. False: it does not wait. */
  async setPriority(id: string, priority: number): Promise<boolean> {
    return await withRedis(async () => {
      const job = await this.#queue.getJob(id);
      const state = await job?.getState();
      if (!job || (state !== 'waiting' && state !== 'prioritized')) return false;
      await job.changePriority({ priority: placeOf(priority, 0) });
      return true;
    });
  }

  /** Jobs of a caller that have not ended. */
  async outstanding(caller: string): Promise<number> {
    return await withRedis(async () => {
      const key = this.#outstandingKey(caller);
      await this.#redis.zremrangebyscore(key, 0, Date.now() - outstandingMs);
      return await this.#redis.zcard(key);
    });
  }

  /** To be called once a job has ended. */
  async forget({ id, caller }: Pick<TransportedJob, 'id' | 'caller'>): Promise<void> {
    await withRedis(async () => await this.#redis.zrem(this.#outstandingKey(caller), id));
  }

  /** Takes a job out that waits, and has whoever works on it stop. */
  async cancel(id: string): Promise<void> {
    await withRedis(async () => {
      // A worker that misses the message finds this.
      await this.#redis.set(cancelKey(this.#name, id), '1', 'EX', cancelS);
      // One that is worked on is locked, and stays.
      await this.#queue.remove(id).catch(() => {});
    });
  }

  /** Where those of the jobs are that are in the queue. */
  async places(ids: readonly string[]): Promise<ReadonlyMap<string, QueuePlace>> {
    if (ids.length === 0) return new Map();
    const pipeline = this.#redis.pipeline();
    for (const id of ids) {
      const key = this.#queue.toKey(id);
      pipeline.hmget(key, 'timestamp', 'processedOn').exists(`${key}:lock`);
    }
    const answers = await withRedis(async () => {
      const all = (await pipeline.exec()) ?? [];
      for (const [error] of all) if (error) throw error;
      return all.map(([, value]) => value);
    });
    const found = ids.flatMap((id, index): [string, QueuePlace][] => {
      const [timestamp, processedOn] = answers[2 * index] as (string | null)[];
      if (timestamp == null) return [];
      const isRunning = answers[2 * index + 1] === 1;
      const startedAt = isRunning && processedOn ? Number(processedOn) : undefined;
      return [[id, { state: isRunning ? 'running' : 'queued', startedAt }]];
    });
    return new Map(found);
  }

  /** How many wait, and how many are worked on. */
  async counts(): Promise<Readonly<Record<'queued' | 'running', number>>> {
    return await withRedis(async () => {
      const {
        active = 0,
        waiting = 0,
        prioritized = 0,
        delayed = 0,
      } = await this.#queue.getJobCounts('active', 'waiting', 'prioritized', 'delayed');
      return { queued: waiting + prioritized + delayed, running: active };
    });
  }

  async probe(): Promise<void> {
    await withRedis(async () => await this.#redis.ping());
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#redis.disconnect();
  }

  #outstandingKey = (caller: string): string =>
    `${prefixOf(this.#name)}:of:${createHash('sha256').update(caller).digest('hex').slice(0, 32)}`;
}

export const queueName = 'jobs';
/** All keys of a queue are on one node of a cluster. */
export const prefixOf = (name: string): string => `{${name}}`;
export const cancelKey = (name: string, id: string): string => `${prefixOf(name)}:cancel:${id}`;
