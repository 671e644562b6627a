/**
 * Frames on a byte stream: the lengths of a message's JSON and of all its byte arrays, each a 32-bit
 * little-endian number, then the JSON, then the byte arrays. Node's own IPC channel is not used because a
 * child that writes rubbish to it throws inside the parent, where nothing can catch it.
 *
 * @module
 */
import type { Duplex } from 'node:stream';
import { decodeMessage, encodeMessage, type MessageLimits } from './message.js';

const headerBytes = 8;
/**
 * Milliseconds of reading at a stretch, after which everything else has as long: a flood of small frames must
 * not take it all.
 */
const sliceMs = 8;

/** Writes one message as a frame; what {@link encodeMessage} throws is thrown before anything is written. */
export function writeFrame(stream: Duplex, message: unknown, limits: MessageLimits): void {
  const { json, parts } = encodeMessage(message, limits);
  const text = Buffer.from(json);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(text.byteLength);
  header.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    4,
  );
  stream.cork();
  stream.write(header);
  stream.write(text);
  // Copies: whoever gave them may go on writing to them.
  for (const part of parts) stream.write(Buffer.from(part));
  stream.uncork();
}

/** What is being read now: `next` is told when it is there, and answers what comes next. */
interface Wanted {
  readonly bytes: Buffer;
  readonly next: (bytes: Buffer) => Wanted;
}

/**
 * Calls `onMessage` for every whole frame; `onBroken` once, and nothing more, for bytes that are not frames
 * or are beyond the limits.
 */
export function readFrames(
  stream: Duplex,
  limits: MessageLimits,
  onMessage: (message: unknown) => void,
  onBroken: (error: Error) => void,
): void {
  const readHeader = (): Wanted => ({
    bytes: Buffer.allocUnsafeSlow(headerBytes),
    next(header) {
      const [json, binary] = [header.readUInt32LE(), header.readUInt32LE(4)];
      if (json > limits.json) throw new Error(`a frame claims ${json} bytes of JSON`);
      if (binary > limits.binary) throw new Error(`a frame claims ${binary} bytes`);
      return readJson(json, binary);
    },
  });
  const readJson = (length: number, binary: number): Wanted => ({
    bytes: Buffer.allocUnsafeSlow(length),
    next(json) {
      const { sizes, complete } = decode(json);
      if (sizes.reduce((sum, size) => sum + size, 0) !== binary)
        throw new Error('a frame does not hold the bytes that it names');
      return readParts(sizes, [], complete);
    },
  });
  const readParts = (
    sizes: readonly number[],
    parts: readonly Buffer[],
    complete: (parts: readonly Buffer[]) => unknown,
  ): Wanted => {
    const size = sizes[parts.length];
    if (size !== undefined)
      return {
        bytes: Buffer.allocUnsafeSlow(size),
        next: (part) => readParts(sizes, [...parts, part], complete),
      };
    onMessage(complete(parts));
    return readHeader();
  };
  const decode = (json: Buffer) => {
    try {
      return decodeMessage(json, limits);
    } catch (cause) {
      throw new Error(`a frame does not hold a message: ${(cause as Error).message}`, { cause });
    }
  };

  const chunks: Buffer[] = [];
  let wanted = readHeader();
  let filled = 0;
  let isOver = false;
  let pause: NodeJS.Timeout | undefined;

  const breakOff = (error: Error): void => {
    isOver = true;
    chunks.length = 0;
    wanted = readHeader();
    onBroken(error);
  };
  const read = (): void => {
    const from = performance.now();
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      const copied = chunk.copy(wanted.bytes, filled);
      filled += copied;
      if (copied < chunk.byteLength) chunks.unshift(chunk.subarray(copied));
      while (filled === wanted.bytes.byteLength) {
        filled = 0;
        try {
          wanted = wanted.next(wanted.bytes);
        } catch (error) {
          breakOff(error as Error);
          return;
        }
      }
      const spentMs = performance.now() - from;
      if (spentMs < sliceMs || chunks.length === 0) continue;
      stream.pause();
      pause = setTimeout(goOn, spentMs);
      return;
    }
  };
  const goOn = (): void => {
    pause = undefined;
    read();
    if (pause === undefined) stream.resume();
  };

  // Whoever holds on to an error of this plugin holds the wire by its stack.
  stream.once('close', () => {
    if (pause !== undefined) return;
    chunks.length = 0;
    wanted = readHeader();
    filled = 0;
  });
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return;
    chunks.push(chunk);
    if (pause === undefined) read();
  });
}
