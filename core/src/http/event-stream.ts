import type { FastifyReply } from 'fastify';
import { spliceBase64 } from './splice-base64.js';

const keepAliveMs = 10_000;

/** Server-sent events to one caller, with comments in between so that nothing on the way takes it for dead. */
export class EventStream {
  readonly #reply: FastifyReply;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    this.#keepAlive = setInterval(() => this.comment('still at it'), keepAliveMs);
    reply.raw.once('close', () => clearInterval(this.#keepAlive));
  }

  /** A line that clients pass over. */
  comment(text: string): void {
    this.#write(`: ${text.replace(/\s+/g, ' ')}\n\n`);
  }

  /** An event whose data has a picture in it. */
  send(name: string, data: object, pictures: readonly Uint8Array[] = []): void {
    this.#write(`event: ${name}\ndata: `);
    this.#write(spliceBase64(data, pictures));
    this.#write('\n\n');
  }

  end(): void {
    this.#reply.raw.end();
  }

  #write(chunk: string | Buffer): void {
    if (!this.#reply.raw.destroyed) this.#reply.raw.write(chunk);
  }
}
