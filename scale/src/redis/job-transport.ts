import { createHash } from 'node:crypto';
import { type Pace, paceOver } from '@easel/core/scale';
import { Queue } from 'bullmq';
import { ask, connectForCommands, type RedisClient, type RedisPlace, withRedis } from './connect.js';

/** Priorities of BullMQ go from 1, the first, to 2,097,151; jobs have -100 to 100, the highest first. */
const highest = 100;
const perLevel = 10_000;
/** Milliseconds for which a job counts as its caller's, should nobody tell of its end. */
const outstandingMs = 24 * 3_600_000;
const retryMs = 2_000;
/** Seconds for which it is known that a job has ended, which the queue may not know yet. */
const endedS = 600;
const delivery = {
  // A worker that cannot read the job now tries again, or another one does.
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'fixed', delay: retryMs },
  removeOnComplete: true,
  removeOnFail: true,
} as const;

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
  readonly #redis: RedisClient;
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
      const key = this.#outstandingKey(caller);
      const [, outstanding, , hasEnded] = await ask(
        this.#redis
          .multi()
          .zremrangebyscore(key, 0, Date.now() - outstandingMs)
          .zcard(key)
          .zadd(key, 'NX', Date.now(), id)
          .exists(endedKey(this.#name, id)),
      );
      // It was in already, put there by the reconciler, or it was cancelled: nobody would take it out again.
      if (hasEnded === 1) return void (await this.#redis.zrem(key, id));
      const options = { ...delivery, jobId: id, priority: placeOf(priority, Number(outstanding)) };
      await this.#queue.add('job', {}, options).catch(async (error: unknown) => {
        // It may be cancelled before it is in, and then nobody else would take it out of the count.
        await this.#redis.zrem(key, id).catch(() => {});
        throw error;
      });
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
      const [, count] = await ask(
        this.#redis
          .pipeline()
          .zremrangebyscore(key, 0, Date.now() - outstandingMs)
          .zcard(key),
      );
      return Number(count);
    });
  }

  /** To be called once a job has ended, before anybody is told. @param tookMs absent: it has made nothing */
  async forget({ id, caller }: Pick<TransportedJob, 'id' | 'caller'>, tookMs?: number): Promise<void> {
    const asked = this.#redis
      .pipeline()
      .set(endedKey(this.#name, id), '1', 'EX', endedS)
      .zrem(this.#outstandingKey(caller), id);
    if (tookMs !== undefined)
      asked.lpush(this.#durationsKey, tookMs).ltrim(this.#durationsKey, 0, paceOver - 1);
    await withRedis(async () => await ask(asked));
  }

  /** Takes a job out that waits and has ended, and has whoever works on it stop. */
  async cancel(id: string): Promise<void> {
    await withRedis(async () => {
      await this.#redis.set(endedKey(this.#name, id), '1', 'EX', endedS);
      // One that is worked on is locked, and stays.
      await this.#queue.remove(id).catch(() => {});
    });
  }

  /** Where those of the jobs are that are in the queue, and that have not ended. */
  async places(ids: readonly string[]): Promise<ReadonlyMap<string, QueuePlace>> {
    if (ids.length === 0) return new Map();
    const pipeline = this.#redis.pipeline();
    for (const id of ids) {
      const key = this.#queue.toKey(id);
      pipeline.hmget(key, 'timestamp', 'processedOn');
      pipeline.exists(`${key}:lock`).exists(endedKey(this.#name, id));
    }
    const answers = await withRedis(async () => await ask(pipeline));
    const found = ids.flatMap((id, index): [string, QueuePlace][] => {
      const [about, isLocked, hasEnded] = answers.slice(3 * index, 3 * index + 3);
      const [timestamp, processedOn] = about as (string | null)[];
      if (timestamp == null || hasEnded === 1) return [];
      const isRunning = isLocked === 1;
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

  /** How fast jobs are done. */
  async pace(): Promise<Pace> {
    const { queued, running } = await this.counts();
    return await withRedis(async () => {
      const places = placesKey(this.#name);
      const [, workers, lastMs] = await ask(
        this.#redis
          .pipeline()
          .zremrangebyscore(places, 0, Date.now())
          .zrange(places, 0, -1)
          .lrange(this.#durationsKey, 0, -1),
      );
      return {
        queued,
        running,
        places: (workers as string[]).reduce((sum, worker) => sum + Number.parseInt(worker, 10), 0),
        lastMs: (lastMs as string[]).map(Number),
      };
    });
  }

  async probe(): Promise<void> {
    await withRedis(async () => await this.#redis.ping());
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#redis.disconnect();
  }

  get #durationsKey(): string {
    return `${prefixOf(this.#name)}:durations`;
  }

  #outstandingKey = (caller: string): string =>
    `${prefixOf(this.#name)}:of:${createHash('sha256').update(caller).digest('hex').slice(0, 32)}`;
}

export const queueName = 'jobs';
/** All keys of a queue are on one node of a cluster. */
export const prefixOf = (name: string): string => `{${name}}`;
/** Workers, each as its places and its id, by the time until which they count. */
export const placesKey = (name: string): string => `${prefixOf(name)}:places`;
/** Says that a job has ended: whoever works on it stops. */
export const endedKey = (name: string, id: string): string => `${prefixOf(name)}:ended:${id}`;
