/**
 * Milliseconds that work has to end by itself after it was aborted, where it does not say how long it needs.
 */
export const graceMs = 2_000;

/** The most that it may say. */
const longestGraceMs = 60_000;

export interface CancellableWork<T> {
  /** Settles at the latest when the signal aborts, with the signal's reason then. */
  readonly answer: Promise<T>;
  /** Resolves when the work has really ended; never rejects. */
  readonly ended: Promise<void>;
  /**
   * Gives work that has been aborted so many milliseconds from now, 60,000 at most, in place of what it had.
   */
  grant(milliseconds: number): void;
}

/**
 * Makes sure that work settles: the caller is answered the moment the signal aborts; the work is asked to
 * stop by the same signal, and `kill` is called where it has not ended `graceMs` later, or when what it was
 * granted is over. `kill` must make the work end.
 */
export function withCancellation<T>(
  work: Promise<T>,
  signal: AbortSignal,
  kill: (reason: Error) => void,
): CancellableWork<T> {
  let graceTimer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  let onAbort = () => {};
  const killIn = (milliseconds: number) => {
    clearTimeout(graceTimer);
    if (!hasEnded) graceTimer = setTimeout(() => kill(signal.reason), milliseconds);
  };
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      killIn(graceMs);
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  const ended = work.then(
    () => {},
    () => {},
  );
  void ended.then(() => {
    hasEnded = true;
    clearTimeout(graceTimer);
    signal.removeEventListener('abort', onAbort);
  });
  aborted.catch(() => {});
  return {
    answer: Promise.race([work, aborted]),
    ended,
    grant(milliseconds) {
      if (signal.aborted) killIn(Math.min(milliseconds, longestGraceMs));
    },
  };
}
