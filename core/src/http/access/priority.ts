import type { FastifyRequest } from 'fastify';
import { HttpError } from '../errors.js';

/**
 * The priority of a call, by what it asked for. Everybody may let others go first; going before them needs a
 * key with the scope `priority` (as nice(1) has it).
 */
export function priorityOf({ apiKey }: FastifyRequest, asked: number | null | undefined): number {
  const priority = asked ?? 0;
  if (priority <= 0 || !apiKey || apiKey.scopes.some((scope) => scope === 'priority' || scope === 'admin'))
    return priority;
  throw new HttpError(
    403,
    'scope_missing',
    `The key "${apiKey.name}" may not ask for a priority above 0: it lacks the scope "priority".`,
    { param: 'priority' },
  );
}
