import type { Readable } from 'node:stream';

/** Bytes of one line that are kept; the rest of a longer one is passed over. */
export const lineLimit = 16 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Calls `onLine` for every line that ends in \n, \r or \r\n, and for what is left at the end. A line without end takes no more memory
 * than one of `lineLimit` bytes (readline would keep all of it).
 */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pieces: Buffer[] = [];
  let kept = 0;
  let isCut = false;
  let endedInReturn = false;

  const keep = (bytes: Buffer): void => {
    const part = bytes.subarray(0, lineLimit - kept);
    // A copy: a few bytes must not hold the whole chunk that they came in.
    if (part.byteLength > 0) pieces.push(Buffer.from(part));
    kept += part.byteLength;
    isCut ||= part.byteLength < bytes.byteLength;
  };
  const finish = (): void => {
    const line = Buffer.concat(pieces).toString('utf8');
    const wasCut = isCut;
    pieces = [];
    kept = 0;
    isCut = false;
    onLine(wasCut ? `${line} [cut]` : line);
  };

  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let index = 0; index < chunk.byteLength; index++) {
      const byte = chunk[index];
      if (byte !== lineFeed && byte !== carriageReturn) {
        endedInReturn = false;
        continue;
      }
      const isSecondHalf = byte === lineFeed && endedInReturn;
      if (!isSecondHalf) {
        keep(chunk.subarray(start, index));
        finish();
      }
      endedInReturn = byte === carriageReturn;
      start = index + 1;
    }
    keep(chunk.subarray(start));
  });
  stream.once('end', () => {
    if (kept > 0) finish();
  });
  stream.on('error', () => {});
}
