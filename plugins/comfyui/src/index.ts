/**
 * Workflows of a ComfyUI server.
 *
 * @module
 */
import { definePlugin } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { BackgroundWork, Service } from '@easel/plugin-sdk/provider';
import { generate } from './generate.js';
import { Prompts } from './prompts.js';
import { configSchema, optionsSchema } from './settings.js';

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, logger }) {
    await blockOtherLoaders();
    const { baseUrl, requestMs } = config;
    const name = `ComfyUI at ${new URL(baseUrl).host}`;
    const service = new Service({ name, baseUrl, headers: {}, timeoutMs: requestMs, failures: [] });
    const prompts = new Prompts(service, config);
    const background = new BackgroundWork();
    const onAbandoned = (id: string) => {
      const warn = (error: unknown) => logger.warn(`A prompt cannot be cancelled: ${String(error)}`, { id });
      background.begin(prompts.cancel(id, background.signal).catch(warn));
    };
    return {
      generate: (request, call) => generate({ service, prompts, config, onAbandoned }, request, call),
      async probe() {
        await service.ask({ url: 'queue', signal: background.signal });
      },
      close: () => background.close(requestMs),
    };
  },
});
