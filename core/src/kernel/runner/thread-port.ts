import type { MessagePort, Worker } from 'node:worker_threads';
import { z } from 'zod';
import { decodeMessage, encodeMessage, fromKernelLimits, fromPluginLimits } from './message.js';
import type { Port } from './port.js';

const postedSchema = z.object({ json: z.string(), parts: z.array(z.instanceof(Uint8Array)) });

/**
 * The wire of a thread. Byte arrays are handed over whole; the JSON beside them is bounded as that of a
 * process is.
 */
export class ThreadPort implements Port {
  readonly waitingBytes = 0;
  readonly #end: Worker | MessagePort;
  readonly #side: 'kernel' | 'plugin';

  /** @param side whose end of the wire it is */
  constructor(end: Worker | MessagePort, side: 'kernel' | 'plugin') {
    this.#end = end;
    this.#side = side;
  }

  send(message: unknown, options?: { readonly giveAway: boolean }): void {
    const posted = encodeMessage(message, this.#side === 'kernel' ? fromKernelLimits : fromPluginLimits);
    const buffers = options?.giveAway ? wholeBuffers(posted.parts) : [];
    try {
      this.#end.postMessage(posted, buffers);
    } catch (error) {
      // Some buffers can be copied and not moved, for example the memory of a WebAssembly instance.
      if (buffers.length === 0) throw error;
      this.#end.postMessage(posted);
    }
  }

  listen(onMessage: (message: unknown) => void, onBroken: (error: Error) => void): void {
    let isOver = false;
    const breakOff = (error: Error) => {
      if (!isOver) onBroken(error);
      isOver = true;
    };
    this.#end.on('message', (posted: unknown) => {
      if (isOver) return;
      let message: unknown;
      try {
        message = this.#read(posted);
      } catch (error) {
        return breakOff(error as Error);
      }
      onMessage(message);
    });
    this.#end.once('messageerror', breakOff);
  }

  #read(posted: unknown): unknown {
    const limits = this.#side === 'kernel' ? fromPluginLimits : fromKernelLimits;
    const parsed = postedSchema.safeParse(posted);
    if (!parsed.success) throw new Error('a message is none of the protocol');
    const { json, parts } = parsed.data;
    if (json.length > limits.json) throw new Error(`a message has ${json.length} bytes of JSON`);
    const { sizes, complete } = decodeMessage(Buffer.from(json), limits);
    if (sizes.length !== parts.length) throw new Error('a message does not hold the bytes that it names');
    return complete(parts);
  }

  /** What has been posted is in the other side's queue already. */
  async close(): Promise<void> {}
}

/**
 * Buffers of which a part holds every byte; a part of a larger one (Node pools small ones) has to be copied.
 */
function wholeBuffers(parts: readonly Uint8Array[]): readonly ArrayBuffer[] {
  const whole = parts
    .filter(({ byteLength, buffer }) => byteLength > 0 && byteLength === buffer.byteLength)
    .map(({ buffer }) => buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(whole)];
}
