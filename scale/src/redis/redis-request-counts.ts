import { randomUUID } from 'node:crypto';
import type { MinuteCount, RequestCounts } from '@easel/core/scale';
import { ask, type RedisClient, withRedis } from './connect.js';

const minuteMs = 60_000;
/** Milliseconds after which a place is free whose server has ended, and between two signs of life. */
const [placeMs, signMs] = [30_000, 10_000];

/** Takes a place unless all are taken, by the clock of Redis. */
const enterScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** The counts of all servers together. */
export class RedisRequestCounts implements RequestCounts {
  readonly #redis: RedisClient;
  readonly #prefix: string;

  /** @param prefix of the names of its keys */
  constructor(redis: RedisClient, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async count(key: string): Promise<MinuteCount> {
    return await withRedis(async () => {
      const name = `${this.#prefix}:minute:${key}`;
      const [, requests, leftMs] = await ask(
        this.#redis.multi().set(name, 0, 'PX', minuteMs, 'NX').incr(name).pttl(name),
      );
      return { requests: Number(requests), leftMs: Math.max(Number(leftMs), 1) };
    });
  }

  async enter(key: string, places: number): Promise<(() => void) | undefined> {
    const [name, place] = [`${this.#prefix}:at-once:${key}`, randomUUID()];
    const take = () => this.#redis.eval(enterScript, 1, name, place, places, placeMs);
    if ((await withRedis(take)) !== 1) return undefined;
    const signs = setInterval(() => void take().catch(() => {}), signMs).unref();
    return () => {
      clearInterval(signs);
      void this.#redis.zrem(name, place).catch(() => {});
    };
  }
}
