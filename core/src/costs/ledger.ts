import { type Cost, EaselError } from '@easel/plugin-sdk';
import type { ChargeRow, DayLimit } from '../jobs/database/charge-table.js';
import type { Account, Charge } from '../kernel/routing/account.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { Charges } from './charges.js';

const dayMs = 24 * 3_600_000;

export interface LedgerOptions {
  readonly charges: Charges;
  /** US dollars that all may spend in a day. Undefined: no limit. */
  readonly perDay: () => number | undefined;
  /** US dollars that a key may spend in a day, or those without one together. Undefined: no limit. */
  readonly perKey: (caller: string) => number | undefined;
  readonly logger: HostLogger;
  /** Milliseconds since 1970. Absent: `Date.now`. */
  readonly now?: () => number;
}

/** A budget, and what is gone of it today. */
export interface BudgetOfDay {
  /** Id of the key. Empty: of all callers without one; `all`: of everybody together. */
  readonly key: string;
  readonly dollars: number;
  /** With what is set aside. */
  readonly spent: number;
}

/** The day of a time, in UTC. */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

/**
 * What calls cost, as the server or several of them keep it: an estimate is set aside before a plugin is
 * asked, so that parallel calls do not pass a budget together, and the true cost takes its place. Both
 * outlive a restart.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #now: () => number;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Budgets of a caller, the tightest of them first where both are passed. */
  limitsOf(caller: string): DayLimit[] {
    const [own, all] = [this.#options.perKey(caller), this.#options.perDay()];
    return [
      ...(own === undefined ? [] : [{ caller, dollars: own }]),
      ...(all === undefined ? [] : [{ caller: null, dollars: all }]),
    ];
  }

  /** The budgets of keys, of callers without one, and of all. */
  async budgetsOfToday(keys: readonly string[]): Promise<BudgetOfDay[]> {
    const limits = new Map(
      ['', ...keys].flatMap((key) => this.limitsOf(key)).map((limit) => [limit.caller ?? 'all', limit]),
    );
    const today = dayOf(this.#now());
    return await Promise.all(
      [...limits].map(async ([key, { caller, dollars }]) => {
        return { key, dollars, spent: await this.#options.charges.spent(today, caller) };
      }),
    );
  }

  /** The account of a caller. @param caller id of its key. Undefined: it has none */
  accountOf(caller = ''): Account {
    const { charges, logger } = this.#options;
    const limits = this.limitsOf(caller);
    const rowOf = (charge: Charge, cost: Cost | undefined): ChargeRow => {
      const { id, plugin, model, images } = charge;
      const { amount = null, currency = 'USD' } = cost ?? {};
      return { id, caller, day: dayOf(this.#now()), plugin, model, images, amount, currency };
    };
    const unlessBroken = async (work: Promise<unknown>) => {
      await work.catch((error: unknown) =>
        logger.warn(`What a call cost could not be written down: ${error}`),
      );
    };
    return {
      isLimited: limits.length > 0,
      async reserve(charge) {
        const row = rowOf(charge, charge.estimate);
        const isDollars = row.currency === 'USD';
        const reserving = charges.reserve(isDollars ? row : { ...row, amount: null }, limits);
        if (limits.length === 0) return await unlessBroken(reserving);
        const reserved = await reserving;
        if (reserved.kind === 'unknown') throw unknownPrice(charge);
        if (reserved.kind === 'spent') throw spent(reserved);
      },
      book: (charge, cost) => unlessBroken(charges.book(rowOf(charge, inBudget(cost, limits)))),
      release: ({ id }) => unlessBroken(charges.release(id)),
    };
  }
}

/** Budgets count dollars: what a call has cost in another currency stays what was set aside for it. */
const inBudget = (cost: Cost | undefined, limits: readonly DayLimit[]): Cost | undefined =>
  limits.length > 0 && cost?.currency !== 'USD' ? undefined : cost;

const unknownPrice = ({ plugin, model }: Charge) =>
  new EaselError({
    code: 'ERR_BUDGET',
    message: `There is a budget, and nobody knows what a call of "${model}" costs at the plugin "${plugin}".`,
    hint: 'Give the model a price in its catalogue file, under the options of its plugin; or make a call without a budget, whose cost is gone by then.',
  });

function spent({ limit, spent, amount }: { limit: DayLimit; spent: number; amount: number }): EaselError {
  const whose =
    limit.caller === null ? 'all callers' : limit.caller === '' ? 'callers without a key' : 'this key';
  const [budget, used, asked] = [limit.dollars, spent, amount].map((value) => Number(value.toFixed(6)));
  return new EaselError({
    code: 'ERR_BUDGET',
    message: `The budget of ${whose} is ${budget} USD a day (UTC): ${used} USD are spent or set aside, and this call would cost about ${asked} USD.`,
    retryAfterMs: dayMs - (Date.now() % dayMs),
  });
}
