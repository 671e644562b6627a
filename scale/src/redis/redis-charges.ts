import {
  type ChargeGroup,
  type ChargeRow,
  type Charges,
  type ChargeTotal,
  chargeGroups,
  type DayLimit,
  type Reserved,
} from '@easel/core/scale';
import { z } from 'zod';
import { chargeScript } from './charge-script.js';
import { ask, type RedisClient, withRedis } from './connect.js';

/** Milliseconds for which a call is known by its id, and seconds for which the sums of a day are. */
const [memoryMs, daysS] = [3 * 24 * 3_600_000, 401 * 24 * 3_600];
const groupSchema = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const measureSchema = z.enum(['amount', 'reserved', 'calls', 'unpriced']);
/** Sums of floats that are taken out again leave this much. */
const noise = 1e-9;

/**
 * What calls cost, by the sums of all servers: a call is set aside and looked at beside all others at once.
 */
export class RedisCharges implements Charges {
  readonly #redis: RedisClient;
  readonly #prefix: string;

  /** @param prefix of the names of its keys */
  constructor(redis: RedisClient, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async reserve(row: ChargeRow, limits: readonly DayLimit[]): Promise<Reserved> {
    const [kind, place, spent, amount] = await this.#run('reserve', row, limits);
    const limit = limits[Number(place) - 1];
    if (kind === 'spent' && limit) return { kind, limit, spent: Number(spent), amount: Number(amount) };
    return { kind: kind === 'unknown' ? 'unknown' : 'reserved' };
  }

  async book(row: ChargeRow): Promise<void> {
    await this.#run('book', row);
  }

  async release(id: string): Promise<void> {
    await this.#run('release', { id });
  }

  async spent(day: string, caller: string | null): Promise<number> {
    const field = caller === null ? 'all' : `of ${caller}`;
    const sum = await withRedis(() => this.#redis.hget(`${this.#prefix}:spent:${day}`, field));
    return withoutNoise(Number(sum ?? 0));
  }

  async totals(by: ChargeGroup, since: string, caller: string | undefined): Promise<ChargeTotal[]> {
    const sums = new Map<string, ChargeTotal>();
    for (const { day, plugin, model, caller: whose, currency, measure, value } of await this.#read(since)) {
      if (caller !== undefined && whose !== caller) continue;
      const name = { plugin, model, caller: whose, day }[chargeGroups[by]];
      const key = JSON.stringify([name, currency]);
      const sum = sums.get(key) ?? { name, currency, amount: 0, reserved: 0, calls: 0, unpriced: 0 };
      sums.set(key, { ...sum, [measure]: withoutNoise(sum[measure] + value) });
    }
    const byName = (one: ChargeTotal, other: ChargeTotal): number => (one.name < other.name ? -1 : 1);
    const order: typeof byName =
      by === 'day'
        ? (one, other) => byName(other, one)
        : (one, other) => other.amount - one.amount || byName(one, other);
    return [...sums.values()].filter(({ calls }) => calls > 0).sort(order);
  }

  async forget(day: string): Promise<void> {
    const old = (await this.#days()).filter((one) => one < day);
    if (old.length === 0) return;
    const names = old.flatMap((one) => [`${this.#prefix}:totals:${one}`, `${this.#prefix}:spent:${one}`]);
    await withRedis(() => ask(this.#redis.multi().del(names).srem(`${this.#prefix}:days`, old)));
  }

  async #days(): Promise<string[]> {
    return await withRedis(() => this.#redis.smembers(`${this.#prefix}:days`));
  }

  /** The sums of the days since one. */
  async #read(since: string) {
    const days = (await this.#days()).filter((day) => day >= since);
    const pipeline = this.#redis.pipeline();
    for (const day of days) pipeline.hgetall(`${this.#prefix}:totals:${day}`);
    const answers = days.length === 0 ? [] : await withRedis(() => ask(pipeline));
    return days.flatMap((day, index) =>
      Object.entries(answers[index] as Record<string, string>).map(([field, value]) => {
        const space = field.indexOf(' ');
        const [plugin, model, caller, currency] = groupSchema.parse(JSON.parse(field.slice(space + 1)));
        const measure = measureSchema.parse(field.slice(0, space));
        return { day, plugin, model, caller, currency, measure, value: Number(value) };
      }),
    );
  }

  async #run(
    action: 'reserve' | 'book' | 'release',
    { id, ...row }: Pick<ChargeRow, 'id'> & Partial<ChargeRow>,
    limits: readonly DayLimit[] = [],
  ): Promise<(string | number)[]> {
    const given = JSON.stringify({ ...row, amount: row.amount === null ? '' : `${row.amount}` });
    const values = [this.#prefix, action, given, JSON.stringify(limits), memoryMs, daysS];
    return await withRedis(
      async () =>
        (await this.#redis.eval(chargeScript, 1, `${this.#prefix}:charge:${id}`, ...values)) as (
          | string
          | number
        )[],
    );
  }
}

const withoutNoise = (value: number): number => Math.round(value / noise) * noise;
