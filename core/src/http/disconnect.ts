import type { FastifyReply } from 'fastify';

/** Aborted when the caller goes away before the answer has been written. */
export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('The caller has gone away.'));
  });
  return controller.signal;
}
