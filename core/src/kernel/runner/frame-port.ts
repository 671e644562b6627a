import type { Duplex } from 'node:stream';
import { binaryParts } from './binary-parts.js';
import { frameLimit, readFrames, writeFrame } from './frames.js';
import type { Port } from './port.js';

/** The wire of a process: frames on a stream. */
export class FramePort implements Port {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // The end of the process says more than the broken stream that comes with it.
    stream.on('error', () => {});
  }

  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  send(message: unknown): void {
    if (this.#stream.destroyed) return;
    // Added up first: a value that is far too large would be copied whole before its size were known.
    const bytes = binaryParts(message).reduce((sum, part) => sum + part.byteLength, 0);
    if (bytes > frameLimit) throw new RangeError(`a message of ${bytes} bytes is larger than ${frameLimit}`);
    writeFrame(this.#stream, message);
  }

  listen(onMessage: (message: unknown) => void, onBroken: (error: Error) => void): void {
    readFrames(this.#stream, onMessage, onBroken);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }
}
