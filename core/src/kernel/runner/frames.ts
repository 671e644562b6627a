/**
 * Frames on a byte stream: a 32-bit little-endian length, then a value in V8's structured-clone format. Node's own IPC channel is
 * not used because a child that writes rubbish to it throws inside the parent, where nothing can catch it.
 *
 * @module
 */
import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/** Bytes of one message; a larger one ends the connection. Sixteen 4096x4096 PNGs fit. */
export const frameLimit = 512 * 1024 * 1024;
const headerBytes = 4;

/** Writes one value as a frame; larger ones than the limit throw a RangeError before anything is written. */
export function writeFrame(stream: Duplex, value: unknown): void {
  const body = serialize(value);
  if (body.byteLength > frameLimit)
    throw new RangeError(`a message of ${body.byteLength} bytes is larger than ${frameLimit}`);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(body.byteLength);
  stream.cork();
  stream.write(header);
  stream.write(body);
  stream.uncork();
}

/** Calls `onValue` for every whole frame; `onBroken` once, and nothing more, for bytes that are not frames. */
export function readFrames(
  stream: Duplex,
  onValue: (value: unknown) => void,
  onBroken: (error: Error) => void,
): void {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let expected: number | undefined;
  let broken = false;

  const take = (bytes: number): Buffer => {
    const joined = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, buffered);
    chunks = joined.byteLength > bytes ? [joined.subarray(bytes)] : [];
    buffered -= bytes;
    return joined.subarray(0, bytes);
  };
  const breakOff = (error: Error): void => {
    broken = true;
    chunks = [];
    onBroken(error);
  };

  // Whoever holds on to an error of this plugin holds the wire by its stack.
  stream.once('close', () => {
    chunks = [];
  });
  stream.on('data', (chunk: Buffer) => {
    if (broken) return;
    chunks.push(chunk);
    buffered += chunk.byteLength;
    while (!broken) {
      if (expected === undefined) {
        if (buffered < headerBytes) return;
        expected = take(headerBytes).readUInt32LE();
        if (expected > frameLimit) return breakOff(new Error(`a frame claims ${expected} bytes`));
      }
      if (buffered < expected) return;
      const body = take(expected);
      expected = undefined;
      let value: unknown;
      try {
        value = deserialize(body);
      } catch (cause) {
        return breakOff(new Error('a frame does not hold a value', { cause }));
      }
      onValue(value);
    }
  });
}
