/**
 * OpenAI's image models, and every server that speaks OpenAI's images API.
 *
 * @module
 */
import { definePlugin } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { PaidRequests } from '@easel/plugin-sdk/paid';
import { estimateOf } from './answer/cost.js';
import { findServer } from './find-server.js';
import { generate } from './generate.js';
import { configSchema, optionsSchema } from './settings.js';

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets, logger, storageFolder = '' }) {
    await blockOtherLoaders();
    const requests = new PaidRequests({ storageFolder, keepMs: config.keepMs, logger });
    return {
      async generate(request, { options, signal, onProgress, received }) {
        const server = findServer(options.server, config, secrets);
        return await generate({ server, requests, config }, request, options, {
          signal,
          onProgress,
          received,
        });
      },
      estimateCost: (request, { options }) => estimateOf(request, options),
      close: () => requests.close(),
    };
  },
});
