import { EaselError } from '@easel/plugin-sdk';
import { type ChainableCommander, Redis } from 'ioredis';

/** Milliseconds that a command may take where somebody waits for it. */
const commandMs = 3_000;

export interface RedisPlace {
  readonly url: string;
  /** Absent: the one of the URL, or none. */
  readonly password: string | undefined;
}

/** A connection for commands that somebody waits for: they fail at once where it is cut. */
export const connectForCommands = ({ url, password }: RedisPlace): Redis =>
  quiet(
    new Redis(url, {
      ...(password ? { password } : {}),
      maxRetriesPerRequest: 1,
      commandTimeout: commandMs,
      retryStrategy: waitMs,
    }),
  );

/** A connection for a reader that waits for what comes, however long it is cut. */
export const connectForReading = ({ url, password }: RedisPlace): Redis =>
  quiet(
    new Redis(url, {
      ...(password ? { password } : {}),
      maxRetriesPerRequest: null,
      retryStrategy: waitMs,
    }),
  );

/** Milliseconds before a cut connection is tried again. */
const waitMs = (times: number): number => Math.min(times * 100, 1_000);

/** Whoever sends a command is told of its failure; the connection itself comes back. */
function quiet(redis: Redis): Redis {
  redis.on('error', () => {});
  return redis;
}

/** Does something with Redis; rejects with ERR_STORAGE where it is not there. Never with its URL. */
export async function withRedis<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (EaselError.isInstance(error)) throw error;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The queue of jobs cannot be reached (${(error as Error).message}).`,
      hint: 'See to the Redis that scale.redis names, and to EASEL_REDIS_PASSWORD.',
      cause: error,
    });
  }
}

/** What commands that go together answer, each its own. Rejects where one of them failed. */
export async function ask(commands: ChainableCommander): Promise<unknown[]> {
  const all = (await commands.exec()) ?? [];
  for (const [error] of all) if (error) throw error;
  return all.map(([, value]) => value);
}
