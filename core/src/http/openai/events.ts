import type { Preview } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import { placeholderOf, spliceBase64 } from './answer.js';

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
    clearInterval(this.#keepAlive);
    this.#reply.raw.end();
  }

  #write(chunk: string | Buffer): void {
    if (!this.#reply.raw.destroyed) this.#reply.raw.write(chunk);
  }
}

/** The event of a picture that is not done yet, as OpenAI names its fields. */
export function sendPartialImage(
  stream: EventStream,
  kind: 'image_generation' | 'image_edit',
  { bytes, mediaType, width, height }: Preview,
  index: number,
): void {
  const type = `${kind}.partial_image`;
  const data = {
    type,
    b64_json: placeholderOf(0),
    partial_image_index: index,
    created_at: Math.floor(Date.now() / 1_000),
    size: `${width}x${height}`,
    quality: 'auto',
    background: 'opaque',
    output_format: mediaType.replace(/^image\//, ''),
  };
  stream.send(type, data, [bytes]);
}
