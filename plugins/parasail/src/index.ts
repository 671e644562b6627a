/**
 * Models at Parasail, by durable batches, or directly where there is an endpoint for it.
 *
 * @module
 */
import {
  definePlugin,
  EaselError,
  type GenerationRequest,
  type GenerationResult,
  type Image,
} from '@easel/plugin-sdk';
import { type BatchCall, Batches, picturesOf } from '@easel/plugin-sdk/batch';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { createBatchDriver } from './batch-driver.js';
import { ParasailClient, readKey } from './client.js';
import { makeDirectly } from './direct.js';
import { fingerprintOf, type PictureBody, pictureBodies } from './picture-body.js';
import { readPicture } from './read-picture.js';
import { configSchema, type Options, optionsSchema } from './settings.js';

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder = '' }) {
    await blockOtherLoaders();
    const { baseUrl, requestMs, transferMs } = config;
    const apiKey = readKey('PARASAIL_API_KEY', secrets.PARASAIL_API_KEY);
    const client = new ParasailClient({ apiKey, baseUrl, requestMs, transferMs });
    const batches = new Batches({
      driver: createBatchDriver(client),
      settings: config,
      logger,
      storageFolder,
    });
    await batches.refresh();
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const { delivery, endpoint } = wayOf(request, options);
        const bodies = pictureBodies(request, options);
        const call = { signal, onProgress, received };
        return delivery === 'direct'
          ? await generateDirectly(client, endpoint, bodies, request, call)
          : await generateByBatch(batches, endpoint, bodies, request, options, call);
      },
      /** A provider that is down now keeps no version from being taken in; a key that is refused does. */
      async probe() {
        await client.check().catch((error: unknown) => {
          if (!EaselError.isInstance(error) || !error.retryable) throw error;
        });
      },
      close: () => batches.close(),
    };
  },
});

function wayOf({ model, inputImages }: GenerationRequest, options: Options) {
  const { directEndpoints, batchEndpoints } = options;
  const kind = inputImages.length === 0 ? 'generate' : 'edit';
  const delivery = options.delivery ?? (directEndpoints[kind] === undefined ? 'batch' : 'direct');
  const endpoint = (delivery === 'direct' ? directEndpoints : batchEndpoints)[kind];
  if (endpoint !== undefined) return { delivery, endpoint };
  const what = kind === 'edit' ? 'edits no pictures' : 'makes no pictures of a prompt alone';
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'inputImages',
    message: `inputImages: "${model.id}" ${what} (delivery: ${delivery}).`,
    hint: `Name an endpoint as \`options.${delivery}Endpoints.${kind}\` in the model's catalogue file, where there is one.`,
  });
}

async function generateByBatch(
  batches: Batches,
  endpoint: string,
  bodies: readonly PictureBody[],
  { outputFormat }: GenerationRequest,
  { completionWindow, callName }: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const asks = bodies.map((picture) => {
    const body = JSON.stringify(picture.body);
    const fingerprint = fingerprintOf(endpoint, picture, callName);
    return { target: { endpoint, completionWindow }, body, fingerprint, seed: picture.seed };
  });
  const used = new Set<string>();
  let resumed = 0;
  const outcomes = await batches.request(asks, call, async ({ body, seed, batchId, isResumed }) => {
    const image = await readPicture(JSON.parse(body), outputFormat, call.signal);
    if (batchId !== undefined) used.add(batchId);
    if (isResumed) resumed += 1;
    return seed === undefined ? image : { ...image, seed };
  });
  const parameters = { delivery: 'batch', endpoint, batches: [...used], ...(resumed > 0 ? { resumed } : {}) };
  return { ...picturesOf(outcomes), parameters };
}

/** Pictures that are made at once beside each other. */
const parallel = 4;

async function generateDirectly(
  client: ParasailClient,
  endpoint: string,
  bodies: readonly PictureBody[],
  request: GenerationRequest,
  { signal, onProgress }: BatchCall,
): Promise<GenerationResult> {
  const outcomes: PromiseSettledResult<Image>[] = [];
  onProgress({ stage: 'generate', fraction: 0 });
  for (let from = 0; from < bodies.length; from += parallel) {
    const round = bodies.slice(from, from + parallel);
    const made = round.map((body) => makeDirectly(client, endpoint, body, request, signal));
    outcomes.push(...(await Promise.allSettled(made)));
    onProgress({ stage: 'generate', fraction: outcomes.length / bodies.length });
    // What has failed for all is not paid for again and again.
    if (outcomes.every(({ status }) => status === 'rejected')) break;
  }
  // Told first, so that the kernel does not repeat a call of which a part may have been paid.
  outcomes.sort((one, other) => Number(isRepeated(one)) - Number(isRepeated(other)));
  return { ...picturesOf(outcomes, bodies.length), parameters: { delivery: 'direct', endpoint } };
}

/** Whether it failed in a way that the kernel tries again by itself. */
const isRepeated = (outcome: PromiseSettledResult<Image>): boolean =>
  outcome.status === 'rejected' &&
  ['ERR_PROVIDER_UNAVAILABLE', 'ERR_PROVIDER_RATE_LIMITED'].includes((outcome.reason as EaselError).code);
