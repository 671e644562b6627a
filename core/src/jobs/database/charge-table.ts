import type Database from 'libsql';
import { inTransaction } from './transaction.js';

/** What a call costs at one plugin: an estimate that is set aside, then what it was. */
export interface ChargeRow {
  readonly id: string;
  /** Id of a key. Empty: of somebody without one. */
  readonly caller: string;
  /** In UTC, such as 2026-11-29. */
  readonly day: string;
  readonly plugin: string;
  readonly model: string;
  readonly images: number;
  /** null: nobody knows. */
  readonly amount: number | null;
  readonly currency: string;
}

/** US dollars that may be spent in a day. */
export interface DayLimit {
  /** Whose calls count. null: everybody's. */
  readonly caller: string | null;
  readonly dollars: number;
}

export type Reserved =
  | { readonly kind: 'reserved' | 'unknown' }
  | { readonly kind: 'spent'; readonly limit: DayLimit; readonly spent: number; readonly amount: number };

export const chargeGroups = { provider: 'plugin', model: 'model', key: 'caller', day: 'day' } as const;
export type ChargeGroup = keyof typeof chargeGroups;

export interface ChargeTotal {
  /** Of the provider, model, key or day. */
  readonly name: string;
  readonly currency: string;
  readonly amount: number;
  /** Part of it that is set aside: calls under way, and those that nobody knows whether they were paid. */
  readonly reserved: number;
  readonly calls: number;
  /** Calls that nobody knows the price of, and that are not in the amount. */
  readonly unpriced: number;
}

/** Calls whose cost an estimate goes by, where the plugin tells none. */
const remembered = 100;
/** What is beyond nine digits is noise of a sum. */
const noise = 1e-9;

/** What calls have cost, and what is set aside for those under way. */
export class ChargeTable {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /**
   * Sets an estimate aside where no limit is passed by it; parallel calls are looked at one after the other.
   * A call without an estimate is taken for the most expensive of its kind. Nothing changes under an id that
   * is known.
   */
  reserve(row: ChargeRow, limits: readonly DayLimit[]): Reserved {
    return inTransaction(this.#database, () => {
      if (this.#database.prepare('SELECT 1 FROM charges WHERE id = ?').get(row.id))
        return { kind: 'reserved' };
      const amount = row.amount ?? this.#highest(row);
      if (limits.length > 0 && amount === null) return { kind: 'unknown' };
      for (const limit of limits) {
        const spent = this.spent(row.day, limit.caller);
        if (amount !== null && spent + amount > limit.dollars + noise)
          return { kind: 'spent', limit, spent, amount };
      }
      this.#write({ ...row, amount }, 'reserved');
      return { kind: 'reserved' };
    });
  }

  /** What a call has cost. null: its estimate stays. */
  book(row: ChargeRow): void {
    this.#write(row, 'booked');
  }

  /** Frees what is set aside for a call, unless it was paid before. */
  release(id: string): void {
    this.#database.prepare(`DELETE FROM charges WHERE id = ? AND state = 'reserved'`).run(id);
  }

  /** US dollars of a day, with what is set aside. @param caller null: everybody's */
  spent(day: string, caller: string | null): number {
    const { dollars } = this.#database
      .prepare(
        `SELECT COALESCE(SUM(amount), 0) AS dollars FROM charges
         WHERE day = ? AND currency = 'USD' AND (? IS NULL OR caller = ?)`,
      )
      .get(day, caller, caller) as { dollars: number };
    return dollars;
  }

  /** Sums since a day, the largest first, days in their order. @param caller undefined: everybody's */
  totals(by: ChargeGroup, since: string, caller: string | undefined): ChargeTotal[] {
    const column = chargeGroups[by];
    return this.#database
      .prepare(
        `SELECT ${column} AS name, currency, COALESCE(SUM(amount), 0) AS amount, COUNT(*) AS calls,
           COALESCE(SUM(CASE WHEN state = 'reserved' THEN amount END), 0) AS reserved,
           SUM(amount IS NULL) AS unpriced
         FROM charges WHERE day >= ? AND (? IS NULL OR caller = ?)
         GROUP BY name, currency ORDER BY ${by === 'day' ? 'name DESC' : 'amount DESC, name'}`,
      )
      .all(since, caller ?? null, caller ?? null) as ChargeTotal[];
  }

  /** Forgets the days before one. */
  forget(day: string): void {
    this.#database.prepare('DELETE FROM charges WHERE day < ?').run(day);
  }

  #highest({ plugin, model, images }: ChargeRow): number | null {
    const { highest } = this.#database
      .prepare(
        `SELECT MAX(amount / images) AS highest FROM (SELECT amount, images FROM charges
         WHERE plugin = ? AND model = ? AND state = 'booked' AND currency = 'USD' AND amount IS NOT NULL
         ORDER BY rowid DESC LIMIT ${remembered})`,
      )
      .get(plugin, model) as { highest: number | null };
    return highest === null ? null : highest * images;
  }

  #write({ id, caller, day, plugin, model, images, amount, currency }: ChargeRow, state: string): void {
    this.#database
      .prepare(
        `INSERT INTO charges (id, caller, day, plugin, model, images, amount, currency, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, currency = excluded.currency,
           amount = COALESCE(excluded.amount, amount)`,
      )
      .run(id, caller, day, plugin, model, images, amount, currency, state);
  }
}
