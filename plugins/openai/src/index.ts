/**
 * OpenAI's image models, and every server that speaks OpenAI's images API: by requests that are answered at
 * once, or by durable batches.
 *
 * @module
 */
import { definePlugin } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { PaidRequests } from '@easel/plugin-sdk/paid';
import { estimateOf } from './answer/cost.js';
import { makeByBatch } from './batches/make-by-batch.js';
import { ServerBatches } from './batches/server-batches.js';
import { findServer } from './find-server.js';
import { generate } from './generate.js';
import { configSchema, optionsSchema } from './settings.js';

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder = '' }) {
    await blockOtherLoaders();
    const requests = new PaidRequests({ storageFolder, keepMs: config.keepMs, logger });
    const batches = await ServerBatches.open({ config, secrets, logger, storageFolder });
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const server = findServer(options.server, config, secrets);
        const call = { signal, onProgress, received };
        return options.delivery === 'batch'
          ? await makeByBatch({ batches: await batches.of(server), server, config }, request, options, call)
          : await generate({ server, requests, config }, request, options, call);
      },
      estimateCost: (request, { options }) => estimateOf(request, options),
      async close() {
        await Promise.all([batches.close(), requests.close()]);
      },
    };
  },
});
