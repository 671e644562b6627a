export interface LinkedSignal {
  /** Aborted by the first of the given signals, with its reason, or by the clock, with a `TimeoutError`. */
  readonly signal: AbortSignal;
  /** Takes its listeners off the given signals and stops the clock. Call it when the work has ended. */
  unlink(): void;
}

/**
 * One signal for several reasons to stop. Use it in place of `AbortSignal.any` and `AbortSignal.timeout`: on
 * Node.js 20 a signal made by those two may be garbage collected before it fires (nodejs/node#57736), and on
 * a signal that lives for long, each call to `any` leaves something behind.
 *
 * @param signals those that stop the work; undefined ones are passed over
 * @param timeoutMs milliseconds after which the work stops in any case. Absent: no limit
 *
 * @example
 * const { signal, unlink } = linkSignals([call.signal], 30_000);
 * try {
 *   return await fetch(url, { signal });
 * } finally {
 *   unlink();
 * }
 */
export function linkSignals(signals: readonly (AbortSignal | undefined)[], timeoutMs?: number): LinkedSignal {
  const controller = new AbortController();
  const unlinkers: (() => void)[] = [];
  for (const given of signals) {
    if (given === undefined) continue;
    const stop = () => controller.abort(given.reason);
    if (given.aborted) stop();
    else {
      given.addEventListener('abort', stop, { once: true });
      unlinkers.push(() => given.removeEventListener('abort', stop));
    }
  }
  if (timeoutMs !== undefined) {
    const late = () => controller.abort(new DOMException(`No end within ${timeoutMs} ms.`, 'TimeoutError'));
    const timer = setTimeout(late, timeoutMs);
    unlinkers.push(() => clearTimeout(timer));
  }
  return {
    signal: controller.signal,
    unlink() {
      for (const unlink of unlinkers) unlink();
    },
  };
}
