import { answers } from '../../http/documentation/answers.js';
import { findServer } from '../ask/find-server.js';
import { parseCount } from '../flag-values.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import type { CostsFlags } from './flags.js';

/** `easel costs`: what the calls of a server have cost. */
export async function costs(flags: CostsFlags): Promise<number> {
  const { by, json } = flags;
  const days = parseCount('--days', flags.days);
  const answer = await findServer(flags).ask(answers.spending, `/api/costs?by=${by}&days=${days}`);
  if (json) {
    printJson(answer);
    return exitStatus.ok;
  }
  const { totals, budgets } = answer;
  if (totals.length === 0) printLine('No call has cost anything.');
  else
    printLine(
      formatTable(
        [by.toUpperCase(), 'COST', 'OF IT SET ASIDE', 'CALLS', 'WITHOUT A PRICE'],
        totals.map(({ name, key_name, currency, amount, reserved, calls, unpriced }) => [
          key_name ? `${name} (${key_name})` : name,
          money(amount, currency),
          money(reserved, currency),
          `${calls}`,
          `${unpriced}`,
        ]),
      ),
    );
  for (const { of, dollars_per_day: dollars, spent_today: spent } of budgets)
    printLine(
      `Budget of ${of === 'all' ? 'all callers' : 'this key'}: ${money(spent, 'USD')} of ${money(dollars, 'USD')} today (UTC).`,
    );
  return exitStatus.ok;
}

const money = (amount: number, currency: string): string => `${amount.toFixed(4)} ${currency}`;
