import { EaselError } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import { closingError } from './closing-error.js';

/**
 * Aborted when the caller goes away before the answer has been written, and when the server closes and has no
 * more time for it.
 */
export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const { outOfTime } = reply.server;
  const stop = () => controller.abort(outOfTime.reason);
  outOfTime.addEventListener('abort', stop, { once: true });
  reply.raw.once('close', () => {
    outOfTime.removeEventListener('abort', stop);
    if (!reply.raw.writableFinished) controller.abort(new Error('The caller has gone away.'));
  });
  return controller.signal;
}

/**
 * What a failed call is answered: where the server had no more time for it, that, and not that it was
 * cancelled. One that may have been paid is not to be sent again by a client of its own accord.
 */
export function failureOf(error: unknown, outOfTime: AbortSignal): unknown {
  const isCancelled = EaselError.isInstance(error)
    ? error.code === 'ERR_ABORTED'
    : error instanceof Error && error.name === 'AbortError';
  if (!outOfTime.aborted || !isCancelled) return error;
  return EaselError.isInstance(error) && error.mayBePaid
    ? closingError({ mayBePaid: true })
    : outOfTime.reason;
}
