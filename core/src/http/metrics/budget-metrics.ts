import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { BudgetOfDay } from '../../costs/ledger.js';

/** Adds what is spent of the budgets of today to what is told. */
export function countBudgets(
  register: Prometheus.Registry,
  read: () => Promise<readonly BudgetOfDay[]>,
): void {
  const { Gauge } = createRequire(import.meta.url)('prom-client') as typeof Prometheus;
  const tell = (name: string, help: string, amountOf: (budget: BudgetOfDay) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['key'],
      registers: [register],
      async collect() {
        this.reset();
        // Where the database cannot be asked, the rest is still told.
        for (const budget of await read().catch(() => [])) this.set({ key: budget.key }, amountOf(budget));
      },
    });
  tell(
    'easel_budget_limit_dollars',
    'US dollars that a key, or all callers, may spend in a day.',
    ({ dollars }) => dollars,
  );
  tell(
    'easel_budget_spent_dollars',
    'US dollars of today (UTC) that are spent or set aside, of each key that has a budget and of all.',
    ({ spent }) => spent,
  );
}
