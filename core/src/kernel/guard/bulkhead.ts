import { EaselError } from '@easel/plugin-sdk';
import { TurnQueue } from './turn-queue.js';

/**
 * Lets `concurrency` calls in and keeps up to `queue` waiting; callers take turns, and each one's own calls are served in their order. A
 * place is given back by whoever holds it, when the work has really ended, which may be later than its caller was answered.
 */
export class Bulkhead {
  readonly #plugin: string;
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting = new TurnQueue<() => void>();
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

  /**
   * Resolves with the function that gives the place back. Rejects with ERR_QUEUE_FULL at once, or with the signal's reason.
   *
   * @param caller who asks; those who do not say are one caller
   */
  async enter(signal: AbortSignal, caller = ''): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inFlight >= this.#concurrency) await this.#wait(signal, caller);
    else this.#inFlight++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #wait(signal: AbortSignal, caller: string): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      throw new EaselError({
        code: 'ERR_QUEUE_FULL',
        plugin: this.#plugin,
        message: `The plugin "${this.#plugin}" works on ${this.#inFlight} calls and has ${this.#waiting.size} waiting, as many as it may.`,
      });
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(caller, enter);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(caller, enter);
    });
  }

  /** Hands the place on, so that nobody who comes later can take it in between. */
  #leave(): void {
    const next = this.#waiting.take();
    if (next) next();
    else this.#inFlight--;
  }
}
