import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A request that was answered, or whose caller has gone away. */
export interface EndedRequest {
  readonly request: FastifyRequest;
  /** 499 where the caller went away before it had the whole answer. */
  readonly status: number;
  readonly durationMs: number;
}

const goneStatus = 499;

/**
 * Calls the listener when a request has ended, refused ones among them. To be called before any other hook is
 * added.
 */
export function watchRequests(server: FastifyInstance, onEnd: (ended: EndedRequest) => void): void {
  server.addHook('onRequest', async (request, { raw }) => {
    const startedAt = performance.now();
    raw.once('close', () => {
      const status = raw.writableFinished ? raw.statusCode : goneStatus;
      onEnd({ request, status, durationMs: performance.now() - startedAt });
    });
  });
}
