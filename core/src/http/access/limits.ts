import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';
import { minuteMs, type RequestCounts } from './request-counts.js';

/** Requests a minute and calls at once of each key, as the key says. */
export async function limitKeys(server: FastifyInstance, counts: RequestCounts): Promise<void> {
  await server.register(rateLimit, {
    // After the key is known.
    hook: 'preHandler',
    timeWindow: minuteMs,
    store: storeOf(counts),
    allowList: ({ apiKey }) => apiKey?.perMinute === undefined,
    keyGenerator: ({ apiKey, ip }) => apiKey?.id ?? ip,
    max: ({ apiKey }) => apiKey?.perMinute ?? Number.MAX_SAFE_INTEGER,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new HttpError(429, 'rate_limit_exceeded', `This key may ask ${max} times a minute.`, {
        retryAfterS: Math.ceil(ttl / 1_000),
      }),
  });

  server.addHook('preHandler', async ({ apiKey, method }, reply) => {
    if (apiKey?.concurrency === undefined || method !== 'POST') return;
    const { id, concurrency } = apiKey;
    const leave = await counts.enter(id, concurrency);
    if (!leave)
      throw new HttpError(429, 'rate_limit_exceeded', `This key may have ${concurrency} calls at once.`, {
        retryAfterS: 1,
      });
    // Whoever asked may be gone by now.
    if (reply.raw.closed) leave();
    else reply.raw.once('close', leave);
  });
}

/** The counts as the plugin asks for them. */
function storeOf(counts: RequestCounts): new () => FastifyRateLimitStore {
  return class Store implements FastifyRateLimitStore {
    incr(key: string, tell: (error: Error | null, result?: { current: number; ttl: number }) => void): void {
      counts.count(key).then(
        ({ requests, leftMs }) => tell(null, { current: requests, ttl: leftMs }),
        (error: Error) => tell(error),
      );
    }

    child(): Store {
      return this;
    }
  };
}
