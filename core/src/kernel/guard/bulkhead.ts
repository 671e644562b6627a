import { EaselError } from '@easel/plugin-sdk';

interface Waiting {
  readonly enter: () => void;
}

/**
 * Lets `concurrency` calls in and keeps up to `queue` waiting, first come first served. A place is given back by whoever holds it, when
 * the work has really ended, which may be later than its caller was answered.
 */
export class Bulkhead {
  readonly #plugin: string;
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting = new Set<Waiting>();
  #inFlight = 0;

  constructor(options: { plugin: string; concurrency: number; queue: number }) {
    this.#plugin = options.plugin;
    this.#concurrency = options.concurrency;
    this.#queue = options.queue;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Resolves with the function that gives the place back. Rejects with ERR_QUEUE_FULL at once, or with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inFlight >= this.#concurrency) await this.#wait(signal);
    else this.#inFlight++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      throw new EaselError({
        code: 'ERR_QUEUE_FULL',
        plugin: this.#plugin,
        message: `The plugin "${this.#plugin}" works on ${this.#inFlight} calls and has ${this.#waiting.size} waiting, as many as it may.`,
      });
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** Hands the place on, so that nobody who comes later can take it in between. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inFlight--;
      return;
    }
    this.#waiting.delete(next);
    next.enter();
  }
}
