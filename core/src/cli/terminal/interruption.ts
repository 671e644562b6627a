import { exitStatus } from './exit-status.js';
import { printNote } from './output.js';

export interface Interruption {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Resolves with it, also for whoever asks later. */
  readonly happened: Promise<void>;
  /** What the process should exit with because of it. Absent: it was not interrupted. */
  readonly status: number | undefined;
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort, so that everything can be closed; the second one ends
 * the process at once. Until the process has ended: one that comes while it is being left is answered with
 * the same status.
 *
 * @param note told what happens then. Absent: a line on stderr
 */
export function watchForInterruption(note: (line: string) => void = printNote): Interruption {
  const controller = new AbortController();
  const happened = new Promise<void>((resolve) =>
    controller.signal.addEventListener('abort', () => resolve()),
  );
  let status: number | undefined;
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (status !== undefined) process.exit(status);
    status = exitStatus[name];
    controller.abort();
    note('stopping; once more ends it at once');
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    happened,
    get status() {
      return status;
    },
  };
}
