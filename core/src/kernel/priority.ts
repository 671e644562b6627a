import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

/** How urgent a call is: where calls wait, a higher one goes first. */
export const prioritySchema = z.int().min(-100).max(100);

/** The priority that a call is given. Throws ERR_REQUEST_INVALID for one that there is not. */
export function parsePriority(given = 0): number {
  const { success, data } = prioritySchema.safeParse(given);
  if (success) return data;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'priority',
    message: `priority: must be a whole number from -100 to 100, and is ${given}.`,
  });
}
