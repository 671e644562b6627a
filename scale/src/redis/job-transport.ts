import { createHash } from 'node:crypto';
import { type Pace, paceOver } from '@easel/core/scale';
import { Queue } from 'bullmq';
import { unknownLane } from '../lanes/lane.js';
import type { LaneLimit } from '../options.js';
import { ask, connectForCommands, type RedisClient, type RedisPlace, withRedis } from './connect.js';
import { limitMs } from './lane-heads.js';
import { readPace } from './lane-paces.js';
import type { JobData } from './lane-worker.js';
import { durationsKey, endedKey, laneOfKey, lanesKey, placeOf, prefixOf } from './names.js';
import { millisecondsOf } from './redis-clock.js';
import { WorkerBoard } from './worker-board.js';

/** Milliseconds for which a job counts as its caller's, should nobody tell of its end. */
const outstandingMs = 24 * 3_600_000;
const retryMs = 2_000;
/** Milliseconds for which Redis has what is written to see whether it takes anything. */
const probeMs = 1_000;
/** Seconds for which it is known that a job has ended, which the queue may not know yet. */
const endedS = 600;
const delivery = {
  // A worker that cannot read the job now tries again, or another one does.
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'fixed', delay: retryMs },
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export interface TransportedJob {
  readonly id: string;
  readonly caller: string;
  readonly priority: number;
  /** Jobs of it wait together. */
  readonly lane: string;
}

/** Where a job of the queue is. */
export interface QueuePlace {
  readonly state: 'queued' | 'running';
  /** Milliseconds since 1970. Undefined: it was not begun. */
  readonly startedAt: number | undefined;
}

/**
 * Brings the ids of jobs to workers, by BullMQ: each lane is a queue of its own. All that is in it can be
 * made again of the records; it may be lost as a whole.
 */
export class JobTransport {
  readonly #redis: RedisClient;
  readonly #name: string;
  readonly #board: WorkerBoard;
  readonly #queues = new Map<string, Queue>();

  constructor(place: RedisPlace, name: string) {
    this.#name = name;
    this.#redis = connectForCommands(place);
    // Each lane listens to it.
    this.#redis.setMaxListeners(0);
    this.#board = new WorkerBoard(this.#redis, name);
  }

  /**
   * Puts a job in; one that is in already stays as it is. Of equal priority, the job goes first whose caller
   * has the fewest.
   *
   * @param lost how many workers have lost it, where it waits from now on for the one that was asked for it
   */
  async add({ id, caller, priority, lane }: TransportedJob, lost?: number): Promise<void> {
    await withRedis(async () => {
      const key = this.#outstandingKey(caller);
      const [time, , outstanding, , hasEnded] = await ask(
        this.#redis
          .multi()
          .time()
          .zremrangebyscore(key, 0, Date.now() - outstandingMs)
          .zcard(key)
          .zadd(key, 'NX', Date.now(), id)
          .exists(endedKey(this.#name, id))
          .sadd(lanesKey(this.#name), lane)
          .hset(laneOfKey(this.#name), id, lane),
      );
      // Nobody else would take it out of what is counted.
      const forget = () => ask(this.#redis.pipeline().zrem(key, id).hdel(laneOfKey(this.#name), id));
      // It was in already, put there by the reconciler, or it was cancelled.
      if (hasEnded === 1) return void (await forget());
      const timestamp = millisecondsOf(time as string[]);
      const options = { ...delivery, jobId: id, priority: placeOf(priority, Number(outstanding)), timestamp };
      const data: JobData = lost === undefined ? {} : { lost, wait: { since: timestamp, lostBefore: lost } };
      await this.#queueOf(lane)
        .add('job', data, options)
        .catch(async (error: unknown) => {
          // It may be cancelled before it is in.
          await forget().catch(() => {});
          throw error;
        });
    });
  }

  /** Has no more jobs of a lane begin than this, by all workers together. */
  async limit(lane: string, { perMinute, atOnce }: LaneLimit): Promise<void> {
    const queue = this.#queueOf(lane);
    await withRedis(async () => {
      await (perMinute === undefined
        ? queue.removeGlobalRateLimit()
        : queue.setGlobalRateLimit(perMinute, limitMs));
      await (atOnce === undefined ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(atOnce));
    });
  }

  /** Calls back whenever the connection is there again after it was cut. */
  onReady(tell: () => void): void {
    this.#redis.on('ready', tell);
  }

  /** Gives a job that waits another place. False: it does not wait. */
  async setPriority(id: string, priority: number): Promise<boolean> {
    return await withRedis(async () => {
      const [lane = unknownLane] = await this.#lanesOf([id]);
      const job = await this.#queueOf(lane).getJob(id);
      const state = await job?.getState();
      if (!job || (state !== 'waiting' && state !== 'prioritized')) return false;
      await job.changePriority({ priority: placeOf(priority, 0) });
      return true;
    });
  }

  /**
   * How many jobs of a caller have not ended, and the time, in milliseconds since 1970. Rejects also where no
   * more can be put in.
   */
  async outstanding(caller: string): Promise<{ readonly count: number; readonly now: number }> {
    return await withRedis(async () => {
      const key = this.#outstandingKey(caller);
      const [, , count, time] = await ask(
        this.#redis
          .pipeline()
          .set(this.#probeKey, '1', 'PX', probeMs)
          .zremrangebyscore(key, 0, Date.now() - outstandingMs)
          .zcard(key)
          .time(),
      );
      return { count: Number(count), now: millisecondsOf(time as string[]) };
    });
  }

  /** To be called once a job has ended, before anybody is told. @param tookMs absent: it has made nothing */
  async forget(
    { id, caller, lane }: Pick<TransportedJob, 'id' | 'caller' | 'lane'>,
    tookMs?: number,
  ): Promise<void> {
    const asked = this.#redis
      .pipeline()
      .set(endedKey(this.#name, id), '1', 'EX', endedS)
      .zrem(this.#outstandingKey(caller), id)
      .hdel(laneOfKey(this.#name), id);
    const durations = durationsKey(this.#name, lane);
    if (tookMs !== undefined) asked.lpush(durations, tookMs).ltrim(durations, 0, paceOver - 1);
    await withRedis(async () => await ask(asked));
  }

  /** Takes a job out that waits, so that no worker is brought it. False: a worker has it. */
  async takeOut(id: string): Promise<boolean> {
    return await withRedis(async () => {
      const [lane = unknownLane] = await this.#lanesOf([id]);
      return (await this.#queueOf(lane).remove(id)) === 1;
    });
  }

  /** Takes a job out that waits and has ended, and has whoever works on it stop. */
  async cancel(id: string): Promise<void> {
    await withRedis(async () => {
      await this.#redis.set(endedKey(this.#name, id), '1', 'EX', endedS);
      const [lane = unknownLane] = await this.#lanesOf([id]);
      // One that is worked on is locked, and stays.
      await this.#queueOf(lane)
        .remove(id)
        .catch(() => {});
    });
  }

  /** Where those of the jobs are that are in the queue, and that have not ended. */
  async places(ids: readonly string[]): Promise<ReadonlyMap<string, QueuePlace>> {
    if (ids.length === 0) return new Map();
    const lanes = await withRedis(async () => await this.#lanesOf(ids));
    const pipeline = this.#redis.pipeline();
    for (const [index, id] of ids.entries()) {
      const key = `${prefixOf(this.#name)}:${lanes[index]}:${id}`;
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

  /** How fast jobs are done: of each lane, and of all. */
  async pace(): Promise<Pace> {
    return await withRedis(async () => await readPace(this.#redis, this.#name, await this.#board.read()));
  }

  /** Whether it is this server's turn to compare the queue with the records: one does it in that time. */
  async mayCompare(milliseconds: number): Promise<boolean> {
    const key = `${prefixOf(this.#name)}:compared`;
    return await withRedis(
      async () => (await this.#redis.set(key, '1', 'PX', Math.ceil(milliseconds), 'NX')) === 'OK',
    );
  }

  /** Rejects where no job can be put in now: Redis is not there, is full, or is a replica. */
  async probe(): Promise<void> {
    await withRedis(async () => await this.#redis.set(this.#probeKey, '1', 'PX', probeMs));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#redis.disconnect();
  }

  #queueOf(lane: string): Queue {
    const known = this.#queues.get(lane);
    if (known) return known;
    const queue = new Queue(lane, { connection: this.#redis, prefix: prefixOf(this.#name) });
    queue.on('error', () => {});
    this.#queues.set(lane, queue);
    return queue;
  }

  /** In which lanes jobs were put. One of no lane was put in by a server of an older version. */
  async #lanesOf(ids: readonly string[]): Promise<string[]> {
    const lanes = await this.#redis.hmget(laneOfKey(this.#name), ...ids);
    return lanes.map((lane) => lane ?? unknownLane);
  }

  get #probeKey(): string {
    return `${prefixOf(this.#name)}:probe`;
  }

  #outstandingKey = (caller: string): string =>
    `${prefixOf(this.#name)}:of:${createHash('sha256').update(caller).digest('hex').slice(0, 32)}`;
}
