import { setTimeout as pause } from 'node:timers/promises';

/** Whether work is over, well or not, within so many milliseconds; leaves no timer behind. */
export async function settlesWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const settled = new AbortController();
  const isOver = work.then(
    () => true,
    () => true,
  );
  const isLate = pause(limitMs, false, { signal: settled.signal }).catch(() => false);
  try {
    return await Promise.race([isOver, isLate]);
  } finally {
    settled.abort();
  }
}
