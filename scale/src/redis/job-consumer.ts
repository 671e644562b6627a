import { DelayedError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectForCommands, connectForReading, type RedisPlace } from './connect.js';
import { cancelKey, prefixOf, queueName } from './job-transport.js';

/** Share of a lease after which work stops that could not renew it, before another worker may begin. */
const watchdogShare = 0.8;
const lookMs = 250;
/** Milliseconds after which a job is brought again for which there was no place, or that is another's. */
const waitsMs = { later: 500, elsewhere: 2_000 } as const;

/** A job that a worker was given, for as long as it holds the lease. */
export interface Delivery {
  readonly id: string;
  /** How many workers have lost it before, as they ended or were cut off. */
  readonly lostBefore: number;
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
  readonly #commands: Redis;
  readonly #reading: Redis;
  readonly #name: string;
  readonly #leaseMs: number;
  readonly #carrier: Carrier;
  readonly #atOnce: () => number;
  /** When the lease of each job that is worked on was renewed last. */
  readonly #renewedAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

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
        this.#renewedAt.set(id, performance.now());
        const outcome = await carrier
          .carryOut({ id, lostBefore: job.stalledCounter })
          .finally(() => this.#renewedAt.delete(id));
        if (outcome === 'lost') throw new Error('the lease was lost');
        if (outcome === 'later' || outcome === 'elsewhere') {
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
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Takes no more jobs, and waits for those that are worked on. */
  async close(): Promise<void> {
    await this.#worker.close();
    clearInterval(this.#timer);
    this.#commands.disconnect();
    this.#reading.disconnect();
  }

  #look(): void {
    const now = performance.now();
    if (this.#worker.concurrency !== this.#atOnce()) this.#worker.concurrency = this.#atOnce();
    for (const [id, renewedAt] of this.#renewedAt)
      if (now - renewedAt > watchdogShare * this.#leaseMs) this.#carrier.stop(id, 'lost');
    void this.#findCancelled().catch(() => {});
  }

  async #findCancelled(): Promise<void> {
    const ids = [...this.#renewedAt.keys()];
    if (ids.length === 0) return;
    const marks = await this.#commands.mget(ids.map((id) => cancelKey(this.#name, id)));
    for (const [index, id] of ids.entries()) if (marks[index]) this.#carrier.stop(id, 'cancelled');
  }
}
