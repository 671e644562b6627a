/**
 * Google's Gemini image models, by requests that are answered at once, or by durable batches.
 *
 * @module
 */
import { definePlugin, EaselError } from '@easel/plugin-sdk';
import { Batches } from '@easel/plugin-sdk/batch';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { PaidRequests } from '@easel/plugin-sdk/paid';
import { BatchClient } from './batch-client.js';
import { createBatchDriver } from './batch-driver.js';
import { makeByBatch } from './by-batch.js';
import { GeminiClient, readKey } from './client.js';
import { estimateOf } from './cost.js';
import { makeDirectly } from './directly.js';
import { Semaphore } from './semaphore.js';
import { configSchema, optionsSchema } from './settings.js';
import { Turns } from './turns.js';

/** Calls that are answered at once beside each other; those that wait for a batch take no place. */
const directCalls = 16;

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder = '' }) {
    await blockOtherLoaders();
    const { baseUrl, requestMs, flexMs, parallelRequests } = config;
    const apiKey = readKey('GEMINI_API_KEY', secrets.GEMINI_API_KEY);
    const client = new GeminiClient({ apiKey, baseUrl, requestMs, flexMs });
    const driver = createBatchDriver(new BatchClient(client, { apiKey, baseUrl, requestMs }));
    const batches = new Batches({ driver, settings: config, logger, storageFolder });
    const requests = new PaidRequests({ storageFolder, keepMs: config.keepMs, logger });
    const turns = new Turns({ storageFolder, keepMs: config.keepTurnsMs, logger });
    const means = {
      client,
      requests,
      batches,
      turns,
      semaphore: new Semaphore(directCalls),
      parallelRequests,
    };
    await batches.refresh();
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const { delivery = config.delivery } = options;
        const call = { signal, onProgress, received };
        if (delivery === 'batch') return await makeByBatch(means, request, options, call);
        return await means.semaphore.take(signal, () => makeDirectly(means, request, options, call));
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
        await Promise.all([batches.close(), requests.close()]);
      },
    };
  },
});
