/**
 * Models at Parasail, by durable batches, or directly where there is an endpoint for it.
 *
 * @module
 */
import { definePlugin, EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import { Batches } from '@easel/plugin-sdk/batch';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { PaidRequests } from '@easel/plugin-sdk/paid';
import { type AskedName, droppedWarnings } from '@easel/plugin-sdk/provider';
import { createBatchDriver } from './batch-driver.js';
import { makeByBatch } from './by-batch.js';
import { ParasailClient, readKey } from './client.js';
import { makeDirectly } from './direct.js';
import { pictureBodies } from './picture-body.js';
import { configSchema, type Options, optionsSchema } from './settings.js';

/** What is asked for and cannot be written. */
const noFields: readonly AskedName[] = ['sampler', 'strength', 'mask'];

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
    const requests = new PaidRequests({ storageFolder, keepMs: config.keepMs, logger });
    await batches.refresh();
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const { delivery, endpoint } = wayOf(request, options);
        const bodies = pictureBodies(request, options);
        const call = { signal, onProgress, received };
        const made =
          delivery === 'direct'
            ? await makeDirectly({ client, requests, config, endpoint }, bodies, request, call)
            : await makeByBatch({ batches, config, endpoint }, bodies, request, options, call);
        const dropped = droppedWarnings(
          request,
          (name) => !noFields.includes(name),
          'there is no such field',
        );
        return { ...made, warnings: [...(made.warnings ?? []), ...dropped] };
      },
      /** A provider that is down now keeps no version from being taken in; a key that is refused does. */
      async probe() {
        await client.check().catch((error: unknown) => {
          if (!EaselError.isInstance(error) || !error.retryable) throw error;
        });
      },
      async close() {
        await Promise.all([batches.close(), requests.close()]);
      },
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
