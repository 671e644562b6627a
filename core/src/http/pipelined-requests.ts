import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SerialQueue } from '../kernel/serial-queue.js';

/**
 * Handles requests that come on one connection before the last one is answered (RFC 9112 section 9.3.2) one
 * after the other: their answers are sent in that order anyway, and hundreds of them fit into one packet. Of
 * all connections together one such request is handled in each turn of the event loop, as Node.js accepts one
 * new connection in each. Those that wait when their connection ends are not handled: Node.js tells nobody
 * that an answer is no longer waited for whose turn has not come.
 */
export function handlePipelinedInTurn(server: FastifyInstance): void {
  const last = new WeakMap<Socket, FastifyReply['raw']>();
  const turns = new SerialQueue();
  server.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const before = last.get(socket);
    last.set(socket, reply.raw);
    if (!before || before.closed || before.writableFinished) return;
    await new Promise((resolve) => void before.once('close', resolve));
    await turns.run(nextTurn);
    if (!socket.destroyed) return;
    reply.hijack();
    // The next one waits for it.
    reply.raw.emit('close');
  });
}
