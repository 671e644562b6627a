import type { Progress } from '../result.js';
import type { BatchState } from './driver.js';

/** Shares of a call: waiting for others and the upload, then the batch, then fetching what it made. */
const begun = 0.05;
const working = 0.1;
const done = 0.9;

export const gathering = (others: number, gatherMs: number): Progress => ({
  stage: 'queue',
  fraction: 0,
  message: `waits with ${others === 0 ? 'no other' : `${others} more`} for a batch, at most ${inWords(gatherMs)}`,
});

export const sending = (place: number, total: number): Progress => ({
  stage: 'queue',
  fraction: begun,
  message: `is sent as picture ${place} of a batch of ${total}`,
});

/** The state of a batch, the place of a picture in it, and when it may be done. */
export function following(batch: BatchState, place: number, lines: number, now: number): Progress {
  const { total, done: finished } = batch.counts ?? { total: 0, done: 0 };
  const share = total === 0 ? 0 : Math.min(1, finished / total);
  const stage = batch.phase === 'queue' || batch.phase === 'generate' ? batch.phase : 'finish';
  const fraction = { queue: working, generate: working + (done - working) * share, finish: done }[stage];
  const counted = total === 0 ? '' : `, ${finished} of ${total} are done`;
  const when = estimate(batch, share, now);
  return {
    stage,
    fraction,
    message: `batch ${batch.id} is ${batch.says}: picture ${place} of ${lines}${counted}${when}`,
  };
}

/** From the share that is done, or else the end of the window. */
function estimate({ createdAt, expiresAt }: BatchState, share: number, now: number): string {
  if (share > 0 && share < 1 && createdAt !== undefined)
    return `, about ${inWords(((now - createdAt) * (1 - share)) / share)} left`;
  if (share === 0 && expiresAt !== undefined) return `, within ${inWords(expiresAt - now)}`;
  return '';
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/**
 * Makes one progress of those of a call's pictures: the share of all, in the words of the last that spoke.
 */
export function mergeProgress(
  count: number,
  onProgress: (progress: Progress) => void,
): (index: number, progress: Progress) => void {
  const fractions = Array.from({ length: count }, () => 0);
  return (index, progress) => {
    fractions[index] = Math.max(fractions[index] ?? 0, progress.fraction);
    const fraction = Math.min(1, fractions.reduce((sum, one) => sum + one, 0) / count);
    onProgress({ ...progress, fraction });
  };
}
