import type { Duplex } from 'node:stream';
import { readFrames, writeFrame } from './frames.js';
import { fromKernelLimits, fromPluginLimits } from './message.js';
import type { Port } from './port.js';

/** The wire of a process: frames on a stream. */
export class FramePort implements Port {
  readonly #stream: Duplex;
  readonly #side: 'kernel' | 'plugin';

  /** @param side whose end of the wire it is */
  constructor(stream: Duplex, side: 'kernel' | 'plugin') {
    this.#stream = stream;
    this.#side = side;
    // The end of the process says more than the broken stream that comes with it.
    stream.on('error', () => {});
  }

  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  send(message: unknown): void {
    if (this.#stream.destroyed) return;
    writeFrame(this.#stream, message, this.#side === 'kernel' ? fromKernelLimits : fromPluginLimits);
  }

  listen(onMessage: (message: unknown) => void, onBroken: (error: Error) => void): void {
    const limits = this.#side === 'kernel' ? fromPluginLimits : fromKernelLimits;
    readFrames(this.#stream, limits, onMessage, onBroken);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }
}
