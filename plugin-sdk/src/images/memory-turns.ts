import { EaselError } from '../errors.js';

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/**
 * Lets work begin while all that is under way fits into an amount of memory; what does not fit waits, first
 * come, first served.
 */
export class MemoryTurns {
  readonly #limit: number;
  #used = 0;
  readonly #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Does work that needs so many bytes, no more than the limit, in its turn.
   *
   * @param waitMs how long it may wait. Absent: until it is its turn
   * @throws EaselError ERR_QUEUE_FULL where its turn has not come by then
   */
  async take<Result>(
    bytes: number,
    work: () => Promise<Result>,
    waitMs: number | undefined,
  ): Promise<Result> {
    await this.#turn(bytes, waitMs);
    try {
      return await work();
    } finally {
      this.#used -= bytes;
      this.#startNext();
    }
  }

  #turn(bytes: number, waitMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        const message = 'Too many images are being read; this one has waited too long.';
        reject(new EaselError({ code: 'ERR_QUEUE_FULL', message, retryAfterMs: waitMs }));
      };
      const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs);
      this.#waiting.push(waiting);
      this.#startNext();
    });
  }

  #startNext(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (!next || this.#used + next.bytes > this.#limit) return;
      this.#waiting.shift();
      this.#used += next.bytes;
      next.start();
    }
  }
}
