import { EaselError } from '@easel/plugin-sdk';
import type { DatabaseThread } from '../../jobs/database/database-thread.js';
import type { ImageOrigin } from '../../jobs/database/image-table.js';
import type { HostLogger } from '../../observe/plugin-logger.js';

/** Milliseconds between the tries to list what could not be listed at once. */
const retryMs = 2_000;
/** Calls whose images wait to be listed; of those beyond it nothing is kept. */
const mostWaiting = 1_000;

type Entry = readonly [caller: string, made: ImageOrigin, madeAt: number];

/**
 * Lists in the gallery what calls without a job have made. What has been made is answered all the same where
 * the disk or another process is in the way; it is listed once that is over.
 */
export class ImageListing {
  readonly #images: Pick<DatabaseThread['imageTable'], 'add'>;
  readonly #logger: HostLogger;
  readonly #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isTrying = false;
  #isClosed = false;

  constructor(images: Pick<DatabaseThread['imageTable'], 'add'>, logger: HostLogger) {
    this.#images = images;
    this.#logger = logger;
  }

  /**
   * Never rejects. @param made without the bytes of its images; it may wait for a while
   * @param madeAt milliseconds since 1970
   */
  async add(...entry: Entry): Promise<void> {
    if (await this.#list(entry)) return;
    if (this.#isClosed) return this.#logger.warn(lacking(1));
    if (this.#waiting.length >= mostWaiting) {
      this.#logger.warn(`More than ${mostWaiting} calls wait to be listed; the gallery lacks one of them.`);
      return;
    }
    this.#waiting.push(entry);
    this.#timer ??= setInterval(() => void this.#tryAgain(), retryMs).unref();
  }

  /** Tries a last time. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#tryAgain();
    if (this.#waiting.length > 0) this.#logger.warn(lacking(this.#waiting.length));
  }

  async #tryAgain(): Promise<void> {
    if (this.#isTrying) return;
    this.#isTrying = true;
    for (let [next] = this.#waiting; next && (await this.#list(next)); [next] = this.#waiting)
      this.#waiting.shift();
    this.#isTrying = false;
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Answers whether nothing is left to be done. */
  async #list([caller, made, madeAt]: Entry): Promise<boolean> {
    try {
      await this.#images.add(caller, null, made, madeAt);
      return true;
    } catch (error) {
      if (EaselError.isInstance(error) && error.code === 'ERR_STORAGE') return false;
      this.#logger.warn(`Images could not be listed in the gallery: ${error}`);
      return true;
    }
  }
}

const lacking = (calls: number) => `The gallery lacks the images of ${calls} calls; their files are kept.`;
