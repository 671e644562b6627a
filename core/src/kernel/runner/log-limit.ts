import type { WriteLog } from '../../observe/plugin-logger.js';
import { lineLimit } from './line-reader.js';

/** Bytes that a plugin may write for each line that it may write. */
const bytesALine = 1_024;
type Line = Parameters<WriteLog>;

export interface Pace {
  readonly windowMs: number;
  readonly now: () => number;
}
/**
 * In a plugin, so that what has been limited there arrives in the kernel's next second and not at the end of
 * its last.
 */
export const slowerPace: Pace = { windowMs: 1_100, now: () => performance.now() };
const kernelPace: Pace = { windowMs: 1_000, now: () => performance.now() };

/**
 * Lets through so many lines, and 1 KiB for each of them, in a second. Of what comes beyond, one line says
 * how many were dropped, and the newest is kept: the end of a flood tells most.
 */
export class LogLimit {
  readonly #write: WriteLog;
  readonly #linesPerSecond: number;
  readonly #pace: Pace;
  #windowFrom = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  #newest: Line | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(write: WriteLog, linesPerSecond: number, pace: Pace = kernelPace) {
    this.#write = write;
    this.#linesPerSecond = linesPerSecond;
    this.#pace = pace;
  }

  readonly write: WriteLog = (...line) => {
    if (this.#pace.now() - this.#windowFrom >= this.#pace.windowMs) this.flush();
    if (this.#newest || this.#isFull) this.#drop(line);
    else this.#pass(line);
  };

  /** Says what has been dropped and begins to count anew. */
  flush(): void {
    clearTimeout(this.#timer);
    const [dropped, newest] = [this.#dropped, this.#newest];
    this.#windowFrom = this.#pace.now();
    this.#lines = this.#bytes = this.#dropped = 0;
    this.#newest = undefined;
    if (!newest) return;
    const limit = `at most ${this.#linesPerSecond} lines and ${this.#linesPerSecond * bytesALine} bytes a second`;
    if (dropped > 0) this.#pass(['warn', `${dropped} lines of the log were dropped: ${limit} are kept.`]);
    this.#pass(newest);
  }

  get #isFull(): boolean {
    return this.#lines >= this.#linesPerSecond || this.#bytes >= this.#linesPerSecond * bytesALine;
  }

  #drop(line: Line): void {
    if (this.#newest) this.#dropped++;
    else {
      const leftMs = this.#pace.windowMs - (this.#pace.now() - this.#windowFrom);
      this.#timer = setTimeout(() => this.flush(), leftMs).unref();
    }
    this.#newest = line;
  }

  #pass([level, message, details]: Line): void {
    const [text, size] = [cut(message), sizeOf(details)];
    const isTooLarge = size > lineLimit;
    this.#lines++;
    this.#bytes += text.length + (isTooLarge ? 0 : size);
    if (isTooLarge) this.#write(level, `${text} [its details are too large]`);
    else this.#write(level, text, details);
  }
}

const cut = (text: string) => (text.length > lineLimit + 100 ? `${text.slice(0, lineLimit)} [cut]` : text);

/**
 * Length as JSON, which is how details are written in the end; what is not JSON is left to whoever writes it.
 */
function sizeOf(details: Line[2]): number {
  try {
    return details === undefined ? 0 : JSON.stringify(details).length;
  } catch {
    return 0;
  }
}
