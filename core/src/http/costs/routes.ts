import type { FastifyInstance } from 'fastify';
import { dayOf } from '../../costs/ledger.js';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { costsOperation, costsQuerySchema } from './operations.js';

const dayMs = 24 * 3_600_000;

/** `GET /api/costs`: of the caller's key, or of everybody for a key with the scope admin. */
export const costRoutes =
  ({ charges, keys, ledger }: ServerContext) =>
  async (server: FastifyInstance) => {
    addOperation(server, costsOperation, async ({ query, apiKey }) => {
      const { by, days } = parseBody(costsQuerySchema, query);
      const caller = !apiKey || apiKey.scopes.includes('admin') ? undefined : apiKey.id;
      const since = dayOf(Date.now() - (days - 1) * dayMs);
      const totals = await charges.totals(by, since, caller);
      const nameOf = (name: string) =>
        by === 'key' ? { name: name || 'none', key_name: keys.withId(name)?.name ?? null } : { name };
      const today = dayOf(Date.now());
      const budgets = [];
      for (const { caller: whose, dollars } of ledger.limitsOf(apiKey?.id ?? ''))
        budgets.push({
          of: whose === null ? 'all' : 'key',
          dollars_per_day: dollars,
          spent_today: await charges.spent(today, whose),
        });
      return { by, since, totals: totals.map((total) => ({ ...total, ...nameOf(total.name) })), budgets };
    });
  };
