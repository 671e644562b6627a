export interface HeartbeatOptions {
  readonly pingMs: number;
  readonly pongMs: number;
  readonly idleMs: number;
  readonly ping: () => void;
  /** No word within `pongMs` of a ping: the connection is dead, though nobody has said so. */
  readonly onDead: () => void;
  /** Nothing to do for `idleMs`. */
  readonly onIdle: () => void;
  /** Whether anybody waits for something. */
  readonly isNeeded: () => boolean;
}

/**
 * Keeps a connection alive while it is needed, notices when it is dead, and lets it go when it is idle. Its
 * timers keep no process alive.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #ping: NodeJS.Timeout | undefined;
  #dead: NodeJS.Timeout | undefined;
  #neededAt = performance.now();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** A word has come, or something was sent: `isHeard` only for a word. */
  touch(isHeard: boolean): void {
    if (isHeard) {
      clearTimeout(this.#dead);
      this.#dead = undefined;
    }
    // Silence in both directions is what Runware counts, and what a ping ends.
    if (this.#dead === undefined) this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#ping);
    clearTimeout(this.#dead);
  }

  #schedule(): void {
    clearTimeout(this.#ping);
    this.#ping = setTimeout(() => this.#beat(), this.#options.pingMs).unref();
  }

  #beat(): void {
    const { isNeeded, idleMs, onIdle, ping, pongMs, onDead } = this.#options;
    if (isNeeded()) this.#neededAt = performance.now();
    if (performance.now() - this.#neededAt >= idleMs) return void onIdle();
    ping();
    this.#dead ??= setTimeout(onDead, pongMs).unref();
  }
}
