import type { FastifyInstance, FastifyReply } from 'fastify';
import { writeJson } from './splice-base64.js';

const keepAliveMs = 10_000;

/**
 * Server-sent events to one caller, with comments in between so that nothing on the way takes it for dead.
 */
export class EventStream {
  readonly #reply: FastifyReply;
  readonly #keepAlive: NodeJS.Timeout;
  #written: Promise<void> = Promise.resolve();

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    if (reply.request.method === 'HEAD') reply.raw.end();
    this.#keepAlive = setInterval(() => this.comment('still at it'), keepAliveMs);
    reply.raw.once('close', () => clearInterval(this.#keepAlive));
  }

  /** A line that clients pass over. */
  comment(text: string): void {
    this.#inTurn(async () => void this.#reply.raw.write(`: ${text.replace(/\s+/g, ' ')}\n\n`));
  }

  /**
   * An event whose data may have pictures in it; events are written one after the other, and none is waited
   * for.
   *
   * @param id what a caller that connects again says it has had, by `Last-Event-ID`. Absent: the event before
   */
  send(name: string, data: object, pictures: readonly Uint8Array[] = [], id?: string): void {
    this.#inTurn(async () => {
      const { raw } = this.#reply;
      raw.write(`event: ${name}\ndata: `);
      await writeJson(raw, data, pictures);
      raw.write(id === undefined ? '\n\n' : `\nid: ${id}\n\n`);
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
      // Half an event cannot be mended.
      .catch(() => void raw.destroy());
  }
}

/** Opens streams that may last for ever, and ends those that are open when the server closes. */
export function endlessStreams(server: FastifyInstance): (reply: FastifyReply) => EventStream {
  const open = new Set<EventStream>();
  server.addHook('preClose', async () => {
    for (const events of open) events.end();
  });
  return (reply) => {
    const events = new EventStream(reply);
    open.add(events);
    reply.raw.once('close', () => open.delete(events));
    return events;
  };
}
