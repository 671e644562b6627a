import type { MessagePort, Worker } from 'node:worker_threads';
import { binaryParts } from './binary-parts.js';
import type { Port } from './port.js';

/** The wire of a thread. Messages are handed over whole: there are no bytes to break, and no size to limit that is not memory already. */
export class ThreadPort implements Port {
  readonly waitingBytes = 0;
  readonly #end: Worker | MessagePort;

  constructor(end: Worker | MessagePort) {
    this.#end = end;
  }

  send(message: unknown, options?: { readonly giveAway: boolean }): void {
    const buffers = options?.giveAway ? wholeBuffers(message) : [];
    try {
      this.#end.postMessage(message, buffers);
    } catch (error) {
      // Some buffers can be copied and not moved, for example the memory of a WebAssembly instance.
      if (buffers.length === 0) throw error;
      this.#end.postMessage(message);
    }
  }

  listen(onMessage: (message: unknown) => void, onBroken: (error: Error) => void): void {
    this.#end.on('message', onMessage);
    this.#end.once('messageerror', onBroken);
  }

  /** What has been posted is in the other side's queue already. */
  async close(): Promise<void> {}
}

/** Buffers of which the message holds every byte; a part of a larger one (Node pools small ones) has to be copied. */
function wholeBuffers(message: unknown): readonly ArrayBuffer[] {
  const whole = binaryParts(message)
    .filter(({ byteLength, buffer }) => byteLength > 0 && byteLength === buffer.byteLength)
    .map(({ buffer }) => buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(whole)];
}
