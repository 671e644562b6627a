import { once } from 'node:events';
import { linkSignals } from '@easel/plugin-sdk';
import type { FastifyInstance } from 'fastify';

/** Milliseconds for the rest of a body. */
const restMs = 2_000;

/**
 * Reads and drops the rest of a body before its refusal is sent, for a short time: many clients read an answer only after they have sent all,
 * and would see nothing but the end of the connection.
 */
export function drainRefusedBodies(server: FastifyInstance): void {
  server.addHook('onError', async ({ raw }) => {
    if (raw.complete || raw.destroyed) return;
    const { signal, unlink } = linkSignals([], restMs);
    raw.resume();
    await once(raw, 'end', { signal }).catch(() => {});
    unlink();
  });
}
