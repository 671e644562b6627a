import type { Progress } from '@easel/plugin-sdk';

const intervalMs = 33;

/** Sends at most about thirty reports of a call in a second, each time the newest, and always the last one. */
export class ProgressThrottle {
  readonly #send: (progress: Progress) => void;
  readonly #isWireFull: () => boolean;
  #newest: Progress | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(send: (progress: Progress) => void, isWireFull: () => boolean) {
    this.#send = send;
    this.#isWireFull = isWireFull;
  }

  report(progress: Progress): void {
    if (this.#hasEnded) return;
    this.#newest = progress;
    if (performance.now() - this.#sentAt >= intervalMs && !this.#isWireFull()) this.#sendNewest();
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
    this.#sentAt = performance.now();
    if (newest) this.#send(newest);
  }
}
