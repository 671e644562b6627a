import { createHash } from 'node:crypto';
import type { ImageRequest } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import type { ImageResult } from '../results/image-result.js';
import type { ServerContext } from './server-context.js';

/** Whose call it is, and whether an earlier result of the same request is welcome. */
export interface Caching {
  readonly caller: string | undefined;
  readonly reply: FastifyReply;
  /** Absent: where the caller has fixed a seed that the model heeds. */
  readonly cache?: boolean | null | undefined;
}

/**
 * The result of the same request by the same key, where there is one, else what `make` makes; `easel-cache` in the answer says which, where
 * it was a question. A picture that another plugin or model has made in the end is not kept.
 */
export async function cachedResult(
  { manager, cache: results, configuration, logger }: ServerContext,
  asked: ImageRequest,
  { caller = '', reply, cache }: Caching,
  make: () => Promise<ImageResult>,
): Promise<ImageResult> {
  const isWanted = cache ?? asked.seed !== undefined;
  if (!configuration.cacheResults || !isWanted) return await make();
  const { hash, plugin, model, isSeeded } = await manager.identify(asked);
  // A model without seeds makes another picture each time.
  if (!isSeeded && cache !== true) return await make();
  const key = createHash('sha256').update(`${caller}\n${hash}`).digest('hex');
  const known = await results.find(key);
  reply.header('easel-cache', known ? 'hit' : 'miss');
  if (known) return known;
  const result = await make();
  const { provenance } = result;
  if (provenance.plugin.id === plugin && provenance.model === model)
    await results
      .keep(key, result)
      .catch((error: unknown) => logger.warn(`A result could not be kept for later: ${error}`));
  return result;
}
