import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';

/** Requests a minute and calls at once of each key, as the key says. */
export async function limitKeys(server: FastifyInstance): Promise<void> {
  await server.register(rateLimit, {
    // After the key is known.
    hook: 'preHandler',
    timeWindow: 60_000,
    allowList: ({ apiKey }) => apiKey?.perMinute === undefined,
    keyGenerator: ({ apiKey, ip }) => apiKey?.id ?? ip,
    max: ({ apiKey }) => apiKey?.perMinute ?? Number.MAX_SAFE_INTEGER,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new HttpError(429, 'rate_limit_exceeded', `This key may ask ${max} times a minute.`, {
        retryAfterS: Math.ceil(ttl / 1_000),
      }),
  });

  const atOnce = new Map<string, number>();
  server.addHook('preHandler', async ({ apiKey, method }, reply) => {
    if (apiKey?.concurrency === undefined || method !== 'POST') return;
    const { id, concurrency } = apiKey;
    const running = atOnce.get(id) ?? 0;
    if (running >= concurrency)
      throw new HttpError(429, 'rate_limit_exceeded', `This key may have ${concurrency} calls at once.`, {
        retryAfterS: 1,
      });
    atOnce.set(id, running + 1);
    reply.raw.once('close', () => {
      const left = (atOnce.get(id) ?? 1) - 1;
      if (left > 0) atOnce.set(id, left);
      else atOnce.delete(id);
    });
  });
}
