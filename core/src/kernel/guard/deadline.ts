import { EaselError } from '@easel/plugin-sdk';

export interface Deadline {
  /** Aborted by the caller (reason ERR_ABORTED) or by the clock (reason ERR_DEADLINE), whichever is first. */
  readonly signal: AbortSignal;
  /** Milliseconds until the clock aborts it. */
  readonly leftMs: number;
  /** Ends the clock; the signal stays as it is. */
  clear(): void;
}

/** One signal for the two ways in which a call can be over before it is done. */
export function startDeadline(timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + timeoutMs;
  const onCallerAbort = () =>
    controller.abort(
      new EaselError({
        code: 'ERR_ABORTED',
        message: 'The call was cancelled by its caller.',
        cause: caller?.reason,
      }),
    );
  const timer = setTimeout(
    () =>
      controller.abort(
        new EaselError({ code: 'ERR_DEADLINE', message: `The call took longer than its ${timeoutMs} ms.` }),
      ),
    timeoutMs,
  );
  caller?.addEventListener('abort', onCallerAbort, { once: true });
  if (caller?.aborted) onCallerAbort();
  return {
    signal: controller.signal,
    get leftMs() {
      return Math.max(0, endsAt - performance.now());
    },
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onCallerAbort);
    },
  };
}
