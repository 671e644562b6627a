import type { Message } from './carrier.js';

/** Entries and characters of one frame; one that is larger alone is sent alone. */
const mostMessages = 32;
const mostLength = 256 * 1024;

/** Gathers the messages of one turn of the event loop into few frames: an array may hold several tasks. */
export class Outbox {
  readonly #write: (frame: string) => void;
  #waiting: string[] = [];

  constructor(write: (frame: string) => void) {
    this.#write = write;
  }

  put(message: Message): void {
    if (this.#waiting.push(JSON.stringify(message)) === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let frame: string[] = [];
    let length = 0;
    for (const text of waiting) {
      if (frame.length === mostMessages || (frame.length > 0 && length + text.length > mostLength)) {
        this.#write(`[${frame.join(',')}]`);
        frame = [];
        length = 0;
      }
      frame.push(text);
      length += text.length;
    }
    if (frame.length > 0) this.#write(`[${frame.join(',')}]`);
  }
}
