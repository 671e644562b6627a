/** Milliseconds of the first pause; each one more is twice as long as the one before. */
const firstPauseMs = 60_000;
const longestPauseMs = 60 * 60_000;
/** Milliseconds that it must do without, for the next pause to be a first one again. */
const forgottenAfterMs = 60 * 60_000;

/** Pauses of a plugin that has crashed too often. */
export class Quarantine {
  readonly #now: () => number;
  #times = 0;
  #endsAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds until it ends; 0 where it has. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#now());
  }

  /** Whether it has ended lately, so that a start is but a try. */
  get isOnProbation(): boolean {
    return this.#times > 0 && this.#now() - this.#endsAt < forgottenAfterMs;
  }

  /** Begins a pause, and calls `onEnd` when it is over. */
  begin(onEnd: () => void): void {
    if (!this.isOnProbation) this.#times = 0;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#times);
    this.#times++;
    this.#endsAt = this.#now() + pauseMs;
    clearTimeout(this.#timer);
    // Timers may be a little early.
    this.#timer = setTimeout(onEnd, pauseMs + 5).unref();
  }

  /** Ends it, and forgets those before. */
  forget(): void {
    this.#times = 0;
    this.cancel();
  }

  /** Ends it, and calls nobody. */
  cancel(): void {
    this.#endsAt = Math.min(this.#endsAt, this.#now());
    clearTimeout(this.#timer);
  }
}
