import type { RunClock } from '../session/run-clock.js';

/** For runs that take longer than the last time, and for what comes between two of them. */
const marginMs = 1_000;

/** The kernel's own limit. */
const longestMs = 60_000;

/**
 * In how many milliseconds a call that was cancelled shall have stopped. It stops by itself after the
 * network's run; the process is ended in its midst (0) where what is left of the run takes longer than
 * starting and opening anew. Opening goes on: whoever comes next would have to do it from its beginning.
 *
 * @param startMs what starting the process takes, without opening networks
 * @returns undefined where nobody knows how long it will take
 */
export function millisecondsToStop(
  clock: Pick<RunClock, 'doing' | 'remainingMs' | 'openingMs'>,
  startMs: number,
): number | undefined {
  if (clock.doing === 'opening') return longestMs;
  if (clock.doing === 'nothing') return undefined;
  const { remainingMs, openingMs } = clock;
  if (remainingMs === undefined) return undefined;
  if (remainingMs > startMs + openingMs) return 0;
  return Math.min(longestMs, Math.max(0, remainingMs) * 1.5 + marginMs);
}
