import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { closingError } from './closing-error.js';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Aborted when the server closes and the calls that it has are out of time; its reason is what they are
     * answered.
     */
    readonly outOfTime: AbortSignal;
  }
}

const checkMs = 50;
/** Milliseconds that calls have to answer once they are out of time, before they are answered for. */
const answerMs = 500;
/** Milliseconds for answers to reach their callers in the end. */
const lastMs = 1_000;

/**
 * Lets answers that are on their way be finished when the server closes, for so long at most; then whoever
 * still waits is answered status 503 in the shape of the API that was called, and every connection of its own
 * is ended: clients keep theirs open, and open some that they never use. Those of a host app are the host's.
 */
export function closeGracefully(server: FastifyInstance, graceMs: number): void {
  const answering = new Set<FastifyReply>();
  const outOfTime = new AbortController();
  // Each call listens.
  setMaxListeners(0, outOfTime.signal);
  let isClosing = false;
  server.decorate('outOfTime', outOfTime.signal);
  server.addHook('onRequest', async (_request, reply) => {
    if (isClosing) {
      reply.header('connection', 'close');
      throw closingError();
    }
    answering.add(reply);
    reply.raw.once('close', () => answering.delete(reply));
  });

  const until = async (milliseconds: number) => {
    const endsAt = performance.now() + milliseconds;
    while (answering.size > 0 && performance.now() < endsAt) await delay(checkMs);
  };
  const finish = async () => {
    await until(graceMs);
    if (answering.size === 0) return;
    outOfTime.abort(closingError());
    await until(answerMs);
    for (const reply of answering) if (!reply.sent) void reply.send(outOfTime.signal.reason);
    await until(lastMs);
  };
  server.addHook('preClose', async () => {
    isClosing = true;
    if (!server.server.listening) return await finish();
    void finish().then(() => {
      // Connections that are accepted while it closes are ended as well.
      const timer = setInterval(() => server.server.closeAllConnections(), checkMs);
      server.server.closeAllConnections();
      server.server.once('close', () => clearInterval(timer));
    });
  });
}
