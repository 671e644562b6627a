import { createHash } from 'node:crypto';
import type { ImageRequest } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import type { GenerateOptions } from '../kernel/routing/generate-options.js';
import type { RequestIdentity } from '../kernel/routing/identity.js';
import type { ImageResult } from '../results/image-result.js';
import type { ServerContext } from './server-context.js';

/** Whether an earlier result of the same request is welcome, and where the answer says so. */
export interface Caching {
  readonly reply: FastifyReply;
  /** Absent: where the caller has fixed a seed that the model uses. */
  readonly cache?: boolean | null | undefined;
}

/**
 * The images of a call with their provenance in them: those of an earlier result of the same request by the
 * same caller where there is one. The header `easel-cache` says which, where an earlier one was looked for.
 * What another plugin or model has made in the end is not kept.
 */
export async function generateCached(
  { generateImage, mark, cache: results, callMetrics, configuration, logger }: ServerContext,
  asked: ImageRequest,
  options: GenerateOptions,
  { reply, cache }: Caching,
): Promise<ImageResult> {
  const isWanted = configuration.cacheResults && (cache ?? asked.seed !== undefined);
  const source = asked.inputImages?.length ? 'edited' : 'made';
  if (!isWanted) return await mark(await generateImage(asked, options), source);
  let found: ImageResult | undefined;
  let place: (RequestIdentity & { readonly key: string }) | undefined;
  const findResult = async (identity: RequestIdentity) => {
    // A model without seeds makes another image each time.
    if (!identity.isSeeded && cache !== true) return undefined;
    const key = createHash('sha256')
      .update(`${options.caller ?? ''}\n${identity.hash}`)
      .digest('hex');
    place = { ...identity, key };
    found = await results.find(key);
    const outcome = found ? 'hit' : 'miss';
    callMetrics.countLookup(outcome);
    reply.header('easel-cache', outcome);
    return found;
  };
  const result = await generateImage(asked, { ...options, findResult });
  if (result === found) return result;
  const made = await mark(result, source);
  const { plugin, model } = made.provenance;
  if (place?.plugin === plugin.id && place.model === model)
    await results
      .keep(place.key, made)
      .catch((error: unknown) => logger.warn(`A result could not be kept for later: ${error}`));
  return made;
}
