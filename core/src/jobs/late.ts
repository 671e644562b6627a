import type { AskedPlugin } from '../kernel/routing/fixed-request.js';
import type { JobError, JobResult } from './job.js';

/** Milliseconds that a job may be given to begin within: a day. */
export const longestStartMs = 86_400_000;

/**
 * Whether a job comes too late to be begun. One that may have been paid goes on, and so does a grid that has
 * cells already.
 *
 * @param now milliseconds since 1970, on the clock that its time was set by
 */
export const isLate = (
  {
    startBefore,
    asked,
    result,
  }: {
    readonly startBefore?: number | undefined;
    readonly asked?: AskedPlugin | undefined;
    readonly result?: JobResult | undefined;
  },
  now: number,
): boolean =>
  startBefore !== undefined && startBefore <= now && !result && (!asked || asked.isPaid === false);

/** What a job ends with that nobody has begun in time. */
export const lateError: JobError = {
  code: 'ERR_DEADLINE',
  message: 'The job was not begun, and nobody was paid for it: it waited longer than its "start_within_ms".',
  hint: 'Give it more time, or submit it again when fewer jobs wait.',
};
