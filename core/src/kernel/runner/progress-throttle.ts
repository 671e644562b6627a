import type { Progress } from '@easel/plugin-sdk';

const intervalMs = 33;
/** Reports that may follow each other at once, so that short calls are told as they are. */
const burst = 10;

/**
 * Sends at most about thirty reports of a call in a second, each time the newest, and always the last one.
 */
export class ProgressThrottle {
  readonly #send: (progress: Progress) => void;
  readonly #isWireFull: () => boolean;
  #newest: Progress | undefined;
  /** Sending is allowed from here on; every report moves it by an interval. */
  #mayFrom = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(send: (progress: Progress) => void, isWireFull: () => boolean) {
    this.#send = send;
    this.#isWireFull = isWireFull;
  }

  report(progress: Progress): void {
    if (this.#hasEnded) return;
    this.#newest = progress;
    if (performance.now() >= this.#mayFrom && !this.#isWireFull()) this.#sendNewest();
    else this.#timer ??= setTimeout(() => this.#retry(), intervalMs);
  }

  /** Sends what is left; later reports are passed over. */
  end(): void {
    this.#hasEnded = true;
    this.#sendNewest();
  }

  #retry(): void {
    this.#timer = undefined;
    if (this.#newest) this.report(this.#newest);
  }

  #sendNewest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const newest = this.#newest;
    this.#newest = undefined;
    this.#mayFrom = Math.max(this.#mayFrom, performance.now() - burst * intervalMs) + intervalMs;
    if (newest) this.#send(newest);
  }
}
