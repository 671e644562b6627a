import type { Preview, Progress } from '@easel/plugin-sdk';

const intervalMs = 33;
/** Reports that may follow each other at once, so that short calls are told as they are. */
const burst = 10;

/**
 * Sends at most about thirty reports of a call in a second, each time the newest, and always the last one. A
 * look at an image stays until it has been sent, or a newer look at the same image comes.
 */
export class ProgressThrottle {
  readonly #send: (progress: Progress) => void;
  readonly #isWireFull: () => boolean;
  #newest: Progress | undefined;
  /** Looks that wait, by the image. */
  readonly #previews = new Map<number, Preview>();
  /** Sending is allowed from here on; every report moves it by an interval. */
  #mayFrom = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(send: (progress: Progress) => void, isWireFull: () => boolean) {
    this.#send = send;
    this.#isWireFull = isWireFull;
  }

  report({ preview, ...progress }: Progress): void {
    if (this.#hasEnded) return;
    this.#newest = progress;
    if (preview) this.#previews.set(preview.index, preview);
    this.#sendOrWait();
  }

  /** Sends what is left; later reports are passed over. */
  end(): void {
    this.#hasEnded = true;
    while (this.#newest) this.#sendNewest();
    clearTimeout(this.#timer);
  }

  #sendOrWait(): void {
    if (performance.now() >= this.#mayFrom && !this.#isWireFull()) this.#sendNewest();
    if (this.#newest) this.#timer ??= setTimeout(() => this.#retry(), intervalMs);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#sendOrWait();
  }

  #sendNewest(): void {
    const newest = this.#newest;
    if (!newest) return;
    const [preview] = this.#previews.values();
    if (preview) this.#previews.delete(preview.index);
    // The next look is told with the same words.
    if (this.#previews.size === 0) this.#newest = undefined;
    this.#mayFrom = Math.max(this.#mayFrom, performance.now() - burst * intervalMs) + intervalMs;
    this.#send(preview ? { ...newest, preview } : newest);
  }
}
