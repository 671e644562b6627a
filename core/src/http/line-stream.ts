import type { FastifyReply } from 'fastify';
import { writeJson } from './splice-base64.js';

/**
 * JSON documents to one caller, each on a line of its own (NDJSON), written one after the other; none is
 * waited for.
 */
export class LineStream {
  readonly #reply: FastifyReply;
  #written: Promise<void> = Promise.resolve();

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  }

  /** A line, which may have pictures in it. */
  send(data: object, pictures: readonly Uint8Array[] = []): void {
    this.#inTurn(async () => {
      await writeJson(this.#reply.raw, data, pictures);
      this.#reply.raw.write('\n');
    });
  }

  end(): void {
    this.#inTurn(async () => void this.#reply.raw.end());
  }

  #inTurn(write: () => Promise<void>): void {
    const { raw } = this.#reply;
    this.#written = this.#written
      .then(async () => {
        if (!raw.destroyed && !raw.writableEnded) await write();
      })
      // Half a line cannot be mended.
      .catch(() => void raw.destroy());
  }
}
