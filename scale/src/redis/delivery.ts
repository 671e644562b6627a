import { isOfProvider } from '../lanes/lane.js';
import type { Taken } from './lane-reader.js';
import type { RedisClock } from './redis-clock.js';

/**
 * Milliseconds after which a job is brought again for which there was no place, that is another's, or that
 * could not be worked on.
 */
const waitsMs = { later: 500, elsewhere: 2_000, lost: 2_000 } as const;

/** A job that a worker was given, for as long as it holds the lease. */
export interface Delivery {
  readonly id: string;
  readonly lane: string;
  /** How many workers have lost it before, as they ended or were cut off. */
  readonly lostBefore: number;
  /** Milliseconds that it has waited for the worker on which it may have been paid. 0: it does not. */
  readonly waitedMs: number;
  /** How often its provider had no room for it. */
  readonly refusals: number;
  /** When it was taken, in milliseconds since 1970 on the clock of the queue. */
  readonly takenAt: number;
}

/** What became of it: it has ended, or has to be brought again, such as when its provider has room again. */
export type Outcome = 'ended' | 'later' | 'elsewhere' | 'closed' | 'lost' | { readonly refusedMs: number };

export interface Carrier {
  carryOut(delivery: Delivery): Promise<Outcome>;
  /** Has the work on a job stop. */
  stop(id: string, why: 'cancelled' | 'lost'): void;
}

/** How a job is told to whoever carries it out. */
export function deliveryOf({ job, lane }: Taken, clock: RedisClock): Delivery {
  const { wait, refusals = 0, lost = 0 } = job.data;
  const lostBefore = lost + job.stalledCounter;
  // Should the worker that it waits for have come back and be lost again, it waits anew.
  const since = wait?.lostBefore === lostBefore ? wait.since : undefined;
  const takenAt = clock.now();
  const waitedMs = since === undefined ? 0 : Math.max(1, takenAt - since);
  return { id: job.id ?? '', lane, lostBefore, waitedMs, refusals, takenAt };
}

/** Tells the queue what became of a job. Rejects where it has given the job to another worker. */
export async function tellQueue(taken: Taken, outcome: Outcome, clock: RedisClock): Promise<void> {
  const { job, token, worker, lane } = taken;
  // As `job.moveToDelayed`, which would have it due by the clock of this machine.
  const bringAgain = async (milliseconds: number) =>
    void (await worker.backend.moveToDelayed(job.id ?? '', clock.now(), milliseconds, token, {
      skipAttempt: true,
    }));
  const { lostBefore, waitedMs, refusals } = deliveryOf(taken, clock);
  if (outcome === 'ended') return void (await job.moveToCompleted(undefined, token, false));
  if (outcome === 'closed') return void (await job.moveToWait(token));
  if (typeof outcome === 'object') {
    // No other job of its provider begins until then either.
    if (isOfProvider(lane)) await worker.backend.setRateLimit(Math.ceil(outcome.refusedMs));
    await job.updateData({ ...job.data, refusals: refusals + 1 });
    return await bringAgain(outcome.refusedMs);
  }
  if (outcome === 'elsewhere' && waitedMs === 0)
    await job.updateData({ ...job.data, wait: { since: clock.now(), lostBefore } });
  await bringAgain(waitsMs[outcome]);
}
