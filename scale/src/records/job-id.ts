import { createHash, randomUUID } from 'node:crypto';

/** The same for the same key of the same caller, at whichever gateway. */
export const idOf = (caller: string, idempotencyKey: string | undefined): string =>
  idempotencyKey === undefined
    ? `j${randomUUID().replaceAll('-', '')}`
    : `j${createHash('sha256')
        .update(JSON.stringify([caller, idempotencyKey]))
        .digest('hex')
        .slice(0, 40)}`;
