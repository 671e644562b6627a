import { setTimeout as pause } from 'node:timers/promises';

/** Work that nobody waits for, such as cancellations, until the plugin is closed. */
export class BackgroundWork {
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /** Aborted when there is no more time for it. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** @param work never rejects */
  begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Waits for the work, for so many milliseconds at most, and has it end then. */
  async close(withinMs: number): Promise<void> {
    const moment = new AbortController();
    await Promise.race([
      Promise.all(this.#running),
      pause(withinMs, undefined, { signal: moment.signal }).catch(() => {}),
    ]);
    moment.abort();
    this.#closing.abort();
    await Promise.all(this.#running);
  }
}
