import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { linkSignals } from '@easel/plugin-sdk';

/** Milliseconds for the rest of a body. */
const restMs = 2_000;

/**
 * Reads and drops a body that is refused before anybody has read it, for a short time: many clients read an
 * answer only after they have sent all, and would see nothing but the end of the connection.
 */
export async function drained(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { signal, unlink } = linkSignals([], restMs);
  const gone = once(request, 'close', { signal }).catch(() => {});
  request.resume();
  await Promise.race([once(request, 'end', { signal }).catch(() => {}), gone]);
  unlink();
}
