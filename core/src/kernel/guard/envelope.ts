/** Milliseconds that work has to end by itself after it was aborted. */
export const graceMs = 2_000;

export interface Enveloped<T> {
  /** Settles at the latest when the signal aborts, with the signal's reason then. */
  readonly answer: Promise<T>;
  /** Resolves when the work has really ended; never rejects. */
  readonly ended: Promise<void>;
}

/**
 * Makes sure that work settles: the caller is answered the moment the signal aborts; the work is asked to stop by the same signal, and
 * `kill` is called where it has not ended `graceMs` later. `kill` must make the work end.
 */
export function envelop<T>(
  work: Promise<T>,
  signal: AbortSignal,
  kill: (reason: Error) => void,
): Enveloped<T> {
  let graceTimer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      graceTimer = setTimeout(() => kill(signal.reason), graceMs);
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
    clearTimeout(graceTimer);
    signal.removeEventListener('abort', onAbort);
  });
  aborted.catch(() => {});
  return { answer: Promise.race([work, aborted]), ended };
}
