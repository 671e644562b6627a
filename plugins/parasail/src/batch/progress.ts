import type { Progress } from '@easel/plugin-sdk';
import type { Batch } from '../wire.js';

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
export function following(batch: Batch, place: number, lines: number, now: number): Progress {
  const { total = 0, completed = 0, failed = 0 } = batch.request_counts ?? {};
  const finished = completed + failed;
  const share = total === 0 ? 0 : Math.min(1, finished / total);
  const stage =
    batch.status === 'in_progress' ? 'generate' : batch.status === 'finalizing' ? 'finish' : 'queue';
  const fraction = { queue: working, generate: working + (done - working) * share, finish: done }[stage];
  const counted = total === 0 ? '' : `, ${finished} of ${total} are done`;
  const when = estimate(batch, share, now);
  const state = batch.status.replaceAll('_', ' ');
  return {
    stage,
    fraction,
    message: `batch ${batch.id} is ${state}: picture ${place} of ${lines}${counted}${when}`,
  };
}

/** From the share that is done, or else the end of the window. Provider times are in seconds since 1970. */
function estimate({ created_at, expires_at }: Batch, share: number, now: number): string {
  if (share > 0 && share < 1 && created_at)
    return `, about ${inWords(((now - created_at * 1000) * (1 - share)) / share)} left`;
  if (share === 0 && expires_at) return `, within ${inWords(expires_at * 1000 - now)}`;
  return '';
}

function inWords(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Makes one progress of those of a call's pictures: the share of all, in the words of the last that spoke. */
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
