import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.js';
import { drained } from './drained.js';

/** Bytes of a body that is counted; smaller ones are not what fills a memory. */
const largeBytes = 1024 * 1024;
/** Largest bodies that are in memory at once, with what was made of them, until their calls are answered. */
const largestAtOnce = 4;
/** Milliseconds in which so many bytes of a large body must come; otherwise it takes the place of others. */
const progressMs = 10_000;
const progressBytes = 64 * 1024;
const retryAfterS = 2;

/**
 * Refuses large bodies with status 503 while those that are in memory, or on their way, are as many as it
 * should hold.
 */
export function holdLargeBodies(server: FastifyInstance, bodyLimit: number): void {
  let held = 0;
  server.addHook('preParsing', async (request, reply) => {
    const bytes = bytesOf(request, bodyLimit);
    if (bytes < largeBytes) return;
    if (held + bytes > largestAtOnce * bodyLimit) {
      await drained(request.raw);
      throw new HttpError(
        503,
        'too_many_large_bodies',
        'Too many large requests are being read; try again.',
        {
          retryAfterS,
        },
      );
    }
    held += bytes;
    const stop = endWhatStalls(request, reply);
    reply.raw.once('close', () => {
      held -= bytes;
      stop();
    });
  });
}

/** Of a body that does not tell its length, as many as it may have. */
function bytesOf({ headers }: FastifyRequest, bodyLimit: number): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return length === undefined ? (encoding === undefined ? 0 : bodyLimit) : Number(length);
}

function endWhatStalls({ raw }: FastifyRequest, reply: FastifyReply): () => void {
  let seen = raw.socket.bytesRead;
  const timer = setInterval(() => {
    if (raw.complete) return clearInterval(timer);
    const { bytesRead } = raw.socket;
    if (bytesRead - seen < progressBytes && !reply.sent)
      void reply
        .header('connection', 'close')
        .send(new HttpError(408, 'body_too_slow', 'The body has come too slowly.'));
    seen = bytesRead;
  }, progressMs);
  return () => clearInterval(timer);
}
