import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { orderLanes, type Situation } from '../lanes/order-lanes.js';
import type { RedisClient } from './connect.js';
import { limitMs, readHeads, unlimited } from './lane-heads.js';
import { type JobData, LaneWorker } from './lane-worker.js';
import { prefixOf } from './names.js';
import type { RedisClock } from './redis-clock.js';

/** Seconds between two looks where nobody tells that a job is there, at the most and at the least. */
const [longestS, shortestS] = [5, 0.05];
/** Milliseconds that a connection is given to tell that nothing has come. */
const answerMs = 10_000;

/** A job that was taken out of a lane. */
export interface Taken {
  readonly job: Job<JobData>;
  readonly token: string;
  readonly worker: LaneWorker;
  readonly lane: string;
  /** When it was asked for, in milliseconds of this process. */
  readonly askedAt: number;
}

export interface LaneReaderOptions {
  readonly name: string;
  readonly leaseMs: number;
  /** For all that is asked and answered. */
  readonly redis: RedisClient;
  /** For waiting. */
  readonly waiting: RedisClient;
  /** Learns the time with each look. */
  readonly clock: RedisClock;
}

/** Takes jobs out of several lanes, and waits for one to come. */
export class LaneReader {
  readonly #options: LaneReaderOptions;
  readonly #workers = new Map<string, LaneWorker>();
  #lanes: readonly string[] = [];
  /** The lane that has told last that it has a job, if nobody has looked since. */
  #told: string | undefined;
  #left: readonly string[] = [];
  #nextMs = Number.POSITIVE_INFINITY;

  constructor(options: LaneReaderOptions) {
    this.#options = options;
    // Each lane listens to it.
    options.redis.setMaxListeners(0);
  }

  /** Reads these lanes from now on. */
  read(lanes: readonly string[]): void {
    this.#lanes = lanes;
    // What a worker that is gone has left in a lane is found by those that read the lane.
    for (const lane of lanes) this.#workerOf(lane);
  }

  /** The job that goes first here. Undefined: there is none. */
  async take({
    ownForMs,
    ...situation
  }: Omit<Situation, 'now' | 'ownSince'> & {
    /** Milliseconds for which this worker has had its model. */
    readonly ownForMs: number;
  }): Promise<Taken | undefined> {
    const { redis, name, clock } = this.#options;
    const [told, lanes] = [this.#told, this.#lanes];
    this.#told = undefined;
    const { now, heads, due, nextMs } = await readHeads(redis, name, lanes);
    clock.learn(now);
    const { order, left } = orderLanes(heads, { ...situation, now, ownSince: now - ownForMs });
    [this.#left, this.#nextMs] = [left, nextMs];
    let taken: Taken | undefined;
    for (const lane of order) {
      taken = await this.#takeFrom(lane, due.get(lane));
      if (taken) break;
    }
    // It told this worker alone, which has done something else.
    if (told && told !== taken?.lane && heads.some(({ lane }) => lane === told))
      await redis.zadd(markerOf(name, told), 0, '0');
    return taken;
  }

  /** Resolves when a job may be there, or after a while. */
  async wait(graceMs: number): Promise<void> {
    const { waiting, name } = this.#options;
    const lanes = this.#lanes.filter((lane) => !this.#left.includes(lane));
    const mostMs = Math.min(
      longestS * 1_000,
      this.#nextMs,
      this.#left.length > 0 ? graceMs : longestS * 1_000,
    );
    const seconds = Math.max(shortestS, mostMs / 1_000);
    // A connection that is cut without a word is made anew.
    const late = setTimeout(() => waiting.disconnect(true), seconds * 1_000 + answerMs);
    try {
      const keys = lanes.map((lane) => markerOf(name, lane));
      const popped = await waiting.bzpopmin(...(keys as [string, ...string[]]), seconds);
      this.#told = popped ? lanes[keys.indexOf(popped[0])] : undefined;
    } finally {
      clearTimeout(late);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }

  async #takeFrom(lane: string, due: string | undefined): Promise<Taken | undefined> {
    const token = randomUUID();
    const worker = this.#workerOf(lane);
    // BullMQ would look at the clock of this machine. Another worker may have taken it meanwhile.
    if (due !== undefined) await worker.backend.promote(due).catch(() => {});
    const askedAt = performance.now();
    const job = await worker.getNextJob(token, { block: false });
    return job && { job, token, worker, lane, askedAt };
  }

  #workerOf(lane: string): LaneWorker {
    const { redis: connection, name, leaseMs } = this.#options;
    const known = this.#workers.get(lane);
    if (known) return known;
    const worker = new LaneWorker(lane, undefined, {
      ...{ connection, prefix: prefixOf(name), autorun: false },
      ...{ lockDuration: leaseMs, stalledInterval: leaseMs / 2 },
      // When it is too often is decided by the carrier, who can write down how the job ended.
      maxStalledCount: 1_000_000,
      // Only a lane with some limit can be told to wait; for how long counts for the limits of all.
      limiter: { max: unlimited, duration: limitMs },
    });
    // A cut connection comes back, and a lease that is lost is seen by its age.
    worker.on('error', () => {});
    void worker.startStalledCheckTimer();
    this.#workers.set(lane, worker);
    return worker;
  }
}

/** What BullMQ puts there when a lane may have a job. */
const markerOf = (name: string, lane: string): string => `${prefixOf(name)}:${lane}:marker`;
