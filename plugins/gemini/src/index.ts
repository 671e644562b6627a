/**
 * Google's Gemini image models: in the background, by requests that are answered at once, or by durable
 * batches.
 *
 * @module
 */
import { join } from 'node:path';
import { definePlugin, EaselError } from '@easel/plugin-sdk';
import { Batches } from '@easel/plugin-sdk/batch';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { PaidRequests } from '@easel/plugin-sdk/paid';
import { droppedWarnings, openTasks } from '@easel/plugin-sdk/provider';
import { BatchClient } from './batch-client.js';
import { createBatchDriver } from './batch-driver.js';
import { makeByBatch } from './by-batch.js';
import { GeminiClient, readKey } from './client.js';
import { estimateOf } from './cost.js';
import { deliveryOf } from './delivery.js';
import { InputFiles } from './input-files.js';
import { createInteractionDriver } from './interactions/driver.js';
import { makeOneByOne } from './make-one-by-one.js';
import type { Means } from './means.js';
import { Semaphore } from './semaphore.js';
import { configSchema, hosts, optionsSchema } from './settings.js';
import { Turns } from './turns.js';

/** Calls that are not by batch beside each other; those that wait for a batch take no place. */
const directCalls = 16;

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder = '' }) {
    await blockOtherLoaders();
    const { api, baseUrl = hosts[api], requestMs, flexMs, parallelRequests, keepMs } = config;
    const apiKey = readKey('GEMINI_API_KEY', secrets.GEMINI_API_KEY);
    const client = new GeminiClient({ api, apiKey, baseUrl, requestMs, flexMs });
    const files = new BatchClient(client, { apiKey, baseUrl, requestMs });
    const driver = createBatchDriver(files);
    const inputFiles = new InputFiles({ client: files, hasFiles: api === 'gemini', logger });
    const batches = new Batches({ driver, settings: config, logger, storageFolder });
    const requests = new PaidRequests({ storageFolder, keepMs, logger });
    const turns = new Turns({ storageFolder, keepMs: config.keepTurnsMs, logger });
    const interactions = await openTasks(
      createInteractionDriver(client),
      {
        ...config.background,
        ...{ requestMs, keepMs, parallelTasks: parallelRequests },
        allowPrivateAddresses: new URL(baseUrl).protocol === 'http:',
      },
      { logger, storageFolder: join(storageFolder, 'interactions') },
    );
    const means: Means = {
      ...{ client, requests, interactions, batches, turns, inputFiles, parallelRequests },
      semaphore: new Semaphore(directCalls),
      directModels: new Set(),
    };
    await batches.refresh();
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const call = { signal, onProgress, received };
        const delivery = deliveryOf(options, config);
        const isAsked = (options.delivery ?? config.delivery) === delivery;
        const made =
          delivery === 'batch'
            ? await makeByBatch(means, request, options, call)
            : await means.semaphore.take(signal, () =>
                makeOneByOne(means, { delivery, isAsked }, request, options, call),
              );
        const dropped = droppedWarnings(
          request,
          (name) => name === 'inputImages',
          'Gemini has no such field',
        );
        return { ...made, warnings: [...(made.warnings ?? []), ...dropped] };
      },
      estimateCost: (request, { options }) =>
        estimateOf(request, options, options.delivery ?? config.delivery),
      /** A provider that is down now keeps no version from being taken in; a key that is refused does. */
      async probe() {
        await client.check().catch((error: unknown) => {
          if (!EaselError.isInstance(error) || !error.retryable) throw error;
        });
      },
      async close() {
        await Promise.all([batches.close(), requests.close(), interactions.close(), inputFiles.close()]);
      },
    };
  },
});
