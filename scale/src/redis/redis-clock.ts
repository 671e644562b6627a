import type { RedisClient } from './connect.js';

/**
 * The time that Redis has, which all servers share: the clocks of machines differ, and jump. Between two
 * answers of Redis it goes on with this process, whatever its machine says of the time.
 */
export class RedisClock {
  /** Milliseconds since 1970 at which this process began. Undefined: Redis has not said the time yet. */
  #begunAt: number | undefined;

  /** Milliseconds since 1970. */
  now(): number {
    return this.#begunAt === undefined ? Date.now() : Math.floor(this.#begunAt + performance.now());
  }

  /** @param redisMs the time of Redis, in milliseconds since 1970 */
  learn(redisMs: number): void {
    this.#begunAt = redisMs - performance.now();
  }
}

/** What Redis answers to TIME, in milliseconds since 1970. */
export const millisecondsOf = ([seconds, microseconds]: readonly (string | number)[]): number =>
  Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);

/** Milliseconds since 1970 by the clock of Redis. */
export const readTime = async (redis: RedisClient): Promise<number> => millisecondsOf(await redis.time());
