import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Of zlib's format, as HTTP has it (RFC 9110, 8.4.1.2).
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
]);

/**
 * The content of an answer as it was before somebody compressed it, which some that stand between do whatever
 * was asked for. A little of it may become a lot: whoever reads it counts what comes out. What it was
 * compressed by, and the length that it came with, leave the headers. An encoding that is not known stays
 * there, and the bytes as they are. The content fails where its bytes are not of that encoding, or end early.
 */
export function decompress(incoming: IncomingMessage, headers: Headers): Readable {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  // No bytes at all are of no encoding.
  const decoder = headers.get('content-length') === '0' ? undefined : decoders.get(encoding)?.();
  if (!decoder) return incoming;
  headers.delete('content-encoding');
  headers.delete('content-length');
  // What either end fails with, the other does, and so whoever reads it.
  return pipeline(incoming, decoder, () => {});
}
