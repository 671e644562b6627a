import { createHash } from 'node:crypto';

/** Later than any time in milliseconds that a job is accepted at. */
const endOfTime = 10 ** 13 - 1;

/** Prefix of the list of all jobs. */
export const everybody = 'lists/all/';

/** Prefix of the list of a caller's jobs. */
export const callerPrefix = (caller: string): string =>
  `lists/of-${createHash('sha256').update(caller).digest('hex').slice(0, 32)}/`;

/** Name of an empty object that lists a job; in the order of such names, the newest job is the first. */
export const listKey = (
  prefix: string,
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
): string => `${prefix}${String(endOfTime - createdAt).padStart(13, '0')}-${id}`;
