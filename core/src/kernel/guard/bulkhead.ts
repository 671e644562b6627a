import { EaselError } from '@easel/plugin-sdk';
import { type Claim, TurnQueue } from './turn-queue.js';

/** A call that waits. */
interface Waiting {
  enter(): void;
  refuse(): void;
}

/**
 * Lets `concurrency` calls in and keeps up to `queue` waiting: the more urgent first, and among equals
 * callers take turns, each one's own calls in their order. Where all places to wait are taken, the call with
 * the weakest claim is refused, be it the newcomer or not, so that nobody can keep others out by asking much.
 * A place is given back by whoever holds it, when the work has really ended, which may be later than its
 * caller was answered.
 */
export class Bulkhead {
  readonly #plugin: string;
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting = new TurnQueue<Waiting>();
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
   * Resolves with the function that gives the place back. Rejects with ERR_QUEUE_FULL, at once or when its
   * place to wait is taken by another call, or with the signal's reason.
   *
   * @param caller who asks; those who do not say are one caller
   * @param priority a higher one goes first
   */
  async enter(
    signal: AbortSignal,
    { caller = '', priority = 0 }: { caller?: string | undefined; priority?: number | undefined } = {},
  ): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#inFlight >= this.#concurrency) await this.#wait(signal, { owner: caller, priority });
    else this.#inFlight++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  #wait(signal: AbortSignal, claim: Claim): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      const displaced = this.#waiting.displace(claim);
      if (!displaced) throw this.#full();
      displaced.refuse();
    }
    return new Promise((resolve, reject) => {
      const waiting = {
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
        refuse: () => {
          signal.removeEventListener('abort', giveUp);
          reject(this.#full());
        },
      };
      const giveUp = () => {
        this.#waiting.delete(waiting, claim);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting, claim);
    });
  }

  #full(): EaselError {
    return new EaselError({
      code: 'ERR_QUEUE_FULL',
      plugin: this.#plugin,
      message: `The plugin "${this.#plugin}" works on ${this.#inFlight} calls and has ${this.#queue} waiting, as many as it may.`,
    });
  }

  /** Hands the place on, so that nobody who comes later can take it in between. */
  #leave(): void {
    const next = this.#waiting.take();
    if (next) next.enter();
    else this.#inFlight--;
  }
}
