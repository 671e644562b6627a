import { EaselError } from '@easel/plugin-sdk';
import { type ChainableCommander, Cluster, Redis } from 'ioredis';
import type { ScaleOptions } from '../options.js';

/** Milliseconds that a command may take where somebody waits for it. */
const commandMs = 3_000;
/** Milliseconds after which whoever was refused may come again: a Redis is back soon, or another one. */
const retryAfterMs = 2_000;

export interface RedisPlace {
  /** One Redis, those that watch over several, or a cluster. */
  readonly servers: ScaleOptions['redis'];
  /** Absent: the one of the URL, or none. */
  readonly password: string | undefined;
}

/** One server, or several that ioredis makes look like one. */
export type RedisClient = Redis | Cluster;

/** A connection for commands that somebody waits for: they fail at once where it is cut. */
export const connectForCommands = (place: RedisPlace): RedisClient =>
  connect(place, { maxRetriesPerRequest: 1, commandTimeout: commandMs });

/** A connection for a reader that waits for what comes, however long it is cut. */
export const connectForReading = (place: RedisPlace): RedisClient =>
  connect(place, { maxRetriesPerRequest: null });

function connect(
  { servers, password: given }: RedisPlace,
  patience: { readonly maxRetriesPerRequest: number | null; readonly commandTimeout?: number },
): RedisClient {
  const common = { ...patience, retryStrategy: waitMs, ...(given && { password: given }) };
  if (typeof servers === 'string') return quiet(new Redis(servers, common));
  const places = ('cluster' in servers ? servers.cluster : servers.sentinels).map((url) => new URL(url));
  const [{ protocol, username, password } = { protocol: '', username: '', password: '' }] = places;
  const access = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
    ...common,
  };
  const hosts = places.map(({ hostname: host, port }) => ({ host, port: Number(port || defaultPort) }));
  if ('cluster' in servers)
    return quiet(
      new Cluster(hosts, {
        clusterRetryStrategy: waitMs,
        // With TLS, the certificate is of the name and not of its address.
        ...(protocol === 'rediss:' && { dnsLookup: (host, tell) => tell(null, host) }),
        redisOptions: access,
      }),
    );
  return quiet(
    new Redis({
      ...access,
      sentinels: hosts,
      name: servers.master,
      sentinelRetryStrategy: waitMs,
      ...(protocol === 'rediss:' && { enableTLSForSentinelMode: true }),
    }),
  );
}

const defaultPort = 6379;

/** Milliseconds before a cut connection is tried again. */
const waitMs = (times: number): number => Math.min(times * 100, 1_000);

/** Whoever sends a command is told of its failure; the connection itself comes back. */
function quiet<Client extends RedisClient>(redis: Client): Client {
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
      retryAfterMs,
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
