import type { GenerationRequest, GenerationResult } from '@easel/plugin-sdk';
import { type BatchCall, type Batches, picturesOf } from '@easel/plugin-sdk/batch';
import { fingerprintOf, type PictureBody } from './picture-body.js';
import { readPicture } from './read-picture.js';
import type { Config, Options } from './settings.js';

export interface BatchMeans {
  readonly batches: Batches;
  readonly config: Pick<Config, 'pictureMs' | 'allowPrivateAddresses'>;
  /** Path of the API, `/v1/...` */
  readonly endpoint: string;
}

/** Makes pictures by durable batches, a line each. */
export async function makeByBatch(
  { batches, config, endpoint }: BatchMeans,
  bodies: readonly PictureBody[],
  { outputFormat, requestId }: GenerationRequest,
  { completionWindow, callName }: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const target = { endpoint, completionWindow };
  const asks = bodies.map((picture) => {
    const { seed } = picture;
    const fingerprint = fingerprintOf(endpoint, picture, callName);
    const isRepeatable = seed !== undefined || callName !== undefined;
    return { target, body: JSON.stringify(picture.body), fingerprint, requestId, isRepeatable, seed };
  });
  const used = new Set<string>();
  let resumed = 0;
  const { signal } = call;
  const outcomes = await batches.request(asks, call, async ({ body, seed, batchId, isResumed, replace }) => {
    const image = await readPicture(body, { outputFormat, config, signal, replace });
    if (batchId !== undefined) used.add(batchId);
    if (isResumed) resumed += 1;
    return seed === undefined ? image : { ...image, seed };
  });
  const parameters = { delivery: 'batch', endpoint, batches: [...used], ...(resumed > 0 ? { resumed } : {}) };
  return { ...picturesOf(outcomes), parameters };
}
