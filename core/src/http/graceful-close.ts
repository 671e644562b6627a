import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

const checkMs = 50;

/**
 * Lets answers that are on their way be finished when the server closes, for so long at most, and then ends every connection of its own:
 * clients keep theirs open, and open some that they never use. Those of a host app are the host's.
 */
export function closeGracefully(server: FastifyInstance, graceMs: number): void {
  let answering = 0;
  server.addHook('onRequest', async (_request, reply) => {
    answering++;
    reply.raw.once('close', () => {
      answering--;
    });
  });
  server.addHook('preClose', async () => {
    const closingFrom = performance.now();
    const isOver = () => answering === 0 || performance.now() - closingFrom > graceMs;
    if (!server.server.listening) {
      while (!isOver()) await delay(checkMs);
      return;
    }
    const timer = setInterval(() => {
      if (isOver()) server.server.closeAllConnections();
    }, checkMs);
    server.server.once('close', () => clearInterval(timer));
  });
}
