import { EaselError } from '@easel/plugin-sdk';

/** What a call that was cancelled ends with; nobody looks at it. */
export const aborted = (): EaselError =>
  new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });

/** Waits, unless the signal is or gets aborted: then it rejects with ERR_ABORTED. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, ms);
    return () => clearTimeout(timer);
  });
}

/** What work comes to, or ERR_ABORTED as soon as the signal is aborted; the work goes on alone then. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return untilAborted<T>(signal, (resolve, reject) => {
    work.then(resolve, reject);
    return () => {};
  });
}

function untilAborted<T>(
  signal: AbortSignal,
  begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(aborted());
    const end = begin(
      (value) => settle(() => resolve(value)),
      (reason) => settle(() => reject(reason)),
    );
    const onAbort = () => settle(() => reject(aborted()));
    const settle = (how: () => void) => {
      end?.();
      signal.removeEventListener('abort', onAbort);
      how();
    };
    signal.addEventListener('abort', onAbort);
  });
}
