import { randomUUID } from 'node:crypto';
import { DelayedError, WaitingError, Worker } from 'bullmq';
import { z } from 'zod';
import { connectForCommands, connectForReading, type RedisClient, type RedisPlace } from './connect.js';
import { endedKey, placesKey, prefixOf, queueName } from './job-transport.js';

/** Share of a lease after which work stops that could not renew it, before another worker may begin. */
const watchdogShare = 0.8;
const lookMs = 250;
/** Leases for which a worker counts that does not say again how many places it has. */
const countedLeases = 3;
/** Milliseconds after which a job is brought again for which there was no place, or that is another's. */
const waitsMs = { later: 500, elsewhere: 2_000 } as const;

/** Since when a job waits for a certain worker, and how many had lost it by then. */
const waitSchema = z.object({ since: z.number(), lostBefore: z.number() }).optional();

/** A job that a worker was given, for as long as it holds the lease. */
export interface Delivery {
  readonly id: string;
  /** How many workers have lost it before, as they ended or were cut off. */
  readonly lostBefore: number;
  /**
   * Since when it waits for the worker on which it may have been paid, in milliseconds since 1970. Undefined:
   * it does not.
   */
  readonly waitsSince: number | undefined;
}

/** What became of it: it has ended, or has to be brought again. */
export type Outcome = 'ended' | 'later' | 'elsewhere' | 'closed' | 'lost';

export interface Carrier {
  carryOut(delivery: Delivery): Promise<Outcome>;
  /** Has the work on a job stop. */
  stop(id: string, why: 'cancelled' | 'lost'): void;
}

/**
 * Takes jobs from the queue, so many at once. BullMQ keeps a lease for each; where it cannot be renewed, the
 * work stops by itself before another worker may be given the job.
 */
export class JobConsumer {
  readonly #worker: Worker;
  readonly #commands: RedisClient;
  readonly #reading: RedisClient;
  readonly #name: string;
  readonly #leaseMs: number;
  readonly #carrier: Carrier;
  readonly #atOnce: () => number;
  /** When the lease of each job that is worked on was renewed last. */
  readonly #renewedAt = new Map<string, number>();
  readonly #timers: readonly [looking: NodeJS.Timeout, announcing: NodeJS.Timeout];
  readonly #id = randomUUID();

  constructor(
    place: RedisPlace,
    {
      name,
      leaseMs,
      atOnce,
    }: { readonly name: string; readonly leaseMs: number; readonly atOnce: () => number },
    carrier: Carrier,
  ) {
    this.#name = name;
    this.#leaseMs = leaseMs;
    this.#carrier = carrier;
    this.#atOnce = atOnce;
    this.#commands = connectForCommands(place);
    this.#reading = connectForReading(place);
    this.#worker = new Worker(
      queueName,
      async (job, token) => {
        const id = job.id ?? '';
        const lostBefore = job.stalledCounter;
        const wait = waitSchema.parse(job.data.wait);
        // Should that worker have come back and be lost again, it waits anew.
        const waitsSince = wait?.lostBefore === lostBefore ? wait.since : undefined;
        const outcome = await this.#carryOut({ id, lostBefore, waitsSince });
        if (outcome === 'lost') throw new Error('the lease was lost');
        if (outcome === 'later' || outcome === 'elsewhere') {
          if (outcome === 'elsewhere' && waitsSince === undefined)
            await job.updateData({ wait: { since: Date.now(), lostBefore } });
          await job.moveToDelayed(Date.now() + waitsMs[outcome], token);
          throw new DelayedError();
        }
        if (outcome === 'closed') {
          await job.moveToWait(token);
          throw new WaitingError();
        }
      },
      {
        connection: this.#reading,
        prefix: prefixOf(name),
        concurrency: atOnce(),
        lockDuration: leaseMs,
        stalledInterval: leaseMs / 2,
        // When it is too often is decided by the carrier, who can write down how the job ended.
        maxStalledCount: 1_000_000,
      },
    );
    // A cut connection comes back, and a lease that is lost is seen below.
    this.#worker.on('error', () => {});
    this.#worker.on('locksRenewed', ({ jobIds }) => {
      for (const id of jobIds) if (this.#renewedAt.has(id)) this.#renewedAt.set(id, performance.now());
    });
    this.#timers = [
      setInterval(() => this.#look(), lookMs).unref(),
      setInterval(() => this.#announce(), leaseMs).unref(),
    ];
    this.#announce();
  }

  /** Takes no more jobs, and waits for those that are worked on. */
  async close(): Promise<void> {
    const [looking, announcing] = this.#timers;
    clearInterval(announcing);
    await this.#commands.zrem(placesKey(this.#name), this.#member).catch(() => {});
    await this.#worker.close();
    clearInterval(looking);
    this.#commands.disconnect();
    this.#reading.disconnect();
  }

  async #carryOut(delivery: Delivery): Promise<Outcome> {
    const { id } = delivery;
    if (this.#renewedAt.has(id)) {
      // The queue has lost the lease of what is at work here still: two at once would pay twice.
      this.#renewedAt.set(id, Number.NEGATIVE_INFINITY);
      this.#carrier.stop(id, 'lost');
      return 'later';
    }
    this.#renewedAt.set(id, performance.now());
    return await this.#carrier.carryOut(delivery).finally(() => this.#renewedAt.delete(id));
  }

  get #member(): string {
    return `${this.#atOnce()} ${this.#id}`;
  }

  /** Says how many places there are here. */
  #announce(): void {
    const until = Date.now() + countedLeases * this.#leaseMs;
    void this.#commands.zadd(placesKey(this.#name), until, this.#member).catch(() => {});
  }

  #look(): void {
    const now = performance.now();
    if (this.#worker.concurrency !== this.#atOnce()) this.#worker.concurrency = this.#atOnce();
    for (const [id, renewedAt] of this.#renewedAt)
      if (now - renewedAt > watchdogShare * this.#leaseMs) this.#carrier.stop(id, 'lost');
    void this.#findEnded().catch(() => {});
  }

  async #findEnded(): Promise<void> {
    const ids = [...this.#renewedAt.keys()];
    if (ids.length === 0) return;
    const marks = await this.#commands.mget(ids.map((id) => endedKey(this.#name, id)));
    for (const [index, id] of ids.entries()) if (marks[index]) this.#carrier.stop(id, 'cancelled');
  }
}
