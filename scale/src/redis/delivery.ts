import { isOfProvider } from '../lanes/lane.js';
import type { Taken } from './lane-reader.js';

/**
 * Milliseconds after which a job is brought again for which there was no place, that is another's, or that
 * could not be worked on.
 */
const waitsMs = { later: 500, elsewhere: 2_000, lost: 2_000 } as const;

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
  /** How often its provider had no room for it. */
  readonly refusals: number;
}

/** What became of it: it has ended, or has to be brought again, such as when its provider has room again. */
export type Outcome = 'ended' | 'later' | 'elsewhere' | 'closed' | 'lost' | { readonly refusedMs: number };

export interface Carrier {
  carryOut(delivery: Delivery): Promise<Outcome>;
  /** Has the work on a job stop. */
  stop(id: string, why: 'cancelled' | 'lost'): void;
}

/** How a job is told to whoever carries it out. */
export function deliveryOf({ job }: Taken): Delivery {
  const { wait, refusals = 0 } = job.data;
  const lostBefore = job.stalledCounter;
  // Should the worker that it waits for have come back and be lost again, it waits anew.
  const waitsSince = wait?.lostBefore === lostBefore ? wait.since : undefined;
  return { id: job.id ?? '', lostBefore, waitsSince, refusals };
}

/** Tells the queue what became of a job. Rejects where it has given the job to another worker. */
export async function tellQueue(taken: Taken, outcome: Outcome): Promise<void> {
  const { job, token, worker, lane } = taken;
  const { lostBefore, waitsSince, refusals } = deliveryOf(taken);
  if (outcome === 'ended') return void (await job.moveToCompleted(undefined, token, false));
  if (outcome === 'closed') return void (await job.moveToWait(token));
  if (typeof outcome === 'object') {
    // No other job of its provider begins until then either.
    if (isOfProvider(lane)) await worker.backend.setRateLimit(Math.ceil(outcome.refusedMs));
    await job.updateData({ ...job.data, refusals: refusals + 1 });
    return await job.moveToDelayed(Date.now() + outcome.refusedMs, token);
  }
  if (outcome === 'elsewhere' && waitsSince === undefined)
    await job.updateData({ ...job.data, wait: { since: Date.now(), lostBefore } });
  await job.moveToDelayed(Date.now() + waitsMs[outcome], token);
}
