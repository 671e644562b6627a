import type { Readable } from 'node:stream';

/** Bytes of one line that are kept; the rest of a longer one is passed over. */
export const lineLimit = 16 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts bytes into lines that end in \n, \r or \r\n. A line without end takes no more memory than one of
 * `lineLimit` bytes; readline would keep all of it.
 */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #pieces: Buffer[] = [];
  #kept = 0;
  #isCut = false;
  #endedInReturn = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    // Each is looked for again only after it has been passed, so that a chunk is read once and not once a
    // line.
    let feed = chunk.indexOf(lineFeed);
    let back = chunk.indexOf(carriageReturn);
    let start = 0;
    while (feed !== -1 || back !== -1) {
      const isReturn = back !== -1 && (feed === -1 || back < feed);
      const end = isReturn ? back : feed;
      const isSecondHalf = !isReturn && end === start && this.#endedInReturn;
      if (!isSecondHalf) {
        this.#keep(chunk.subarray(start, end));
        this.#finish();
      }
      this.#endedInReturn = isReturn;
      start = end + 1;
      if (isReturn) back = chunk.indexOf(carriageReturn, start);
      else feed = chunk.indexOf(lineFeed, start);
    }
    if (start === chunk.byteLength) return;
    this.#endedInReturn = false;
    this.#keep(chunk.subarray(start));
  }

  /** Hands out what is left. */
  end(): void {
    if (this.#kept > 0) this.#finish();
  }

  #keep(bytes: Buffer): void {
    const part = bytes.subarray(0, lineLimit - this.#kept);
    // A copy: a few bytes must not hold the whole chunk that they came in.
    if (part.byteLength > 0) this.#pieces.push(Buffer.from(part));
    this.#kept += part.byteLength;
    this.#isCut ||= part.byteLength < bytes.byteLength;
  }

  #finish(): void {
    const line = Buffer.concat(this.#pieces).toString('utf8');
    const isCut = this.#isCut;
    this.#pieces = [];
    this.#kept = 0;
    this.#isCut = false;
    this.#onLine(isCut ? `${line} [cut]` : line);
  }
}

/** Calls `onLine` for every line of the stream. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const splitter = new LineSplitter(onLine);
  stream.on('data', (chunk: Buffer) => splitter.push(chunk));
  stream.once('end', () => splitter.end());
  stream.on('error', () => {});
}
