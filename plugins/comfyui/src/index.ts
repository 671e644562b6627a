/**
 * Workflows of a ComfyUI server.
 *
 * @module
 */
import { definePlugin } from '@easel/plugin-sdk';
import { blockOtherLoaders } from '@easel/plugin-sdk/images';
import { Service } from '@easel/plugin-sdk/provider';
import { generate } from './generate.js';
import { Prompts } from './prompts.js';
import { configSchema, optionsSchema } from './settings.js';

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, logger }) {
    await blockOtherLoaders();
    const { baseUrl, requestMs: timeoutMs } = config;
    const name = `ComfyUI at ${new URL(baseUrl).host}`;
    const service = new Service({ name, baseUrl, headers: {}, timeoutMs, failures: [] });
    const prompts = new Prompts(service);
    const cancelling = new Set<Promise<void>>();
    const never = new AbortController().signal;
    const onAbandoned = (id: string) => {
      const work = prompts
        .cancel(id, never)
        .catch((error: unknown) => logger.warn(`A prompt cannot be cancelled: ${String(error)}`, { id }))
        .finally(() => cancelling.delete(work));
      cancelling.add(work);
    };
    return {
      generate: (request, call) => generate({ service, prompts, config, onAbandoned }, request, call),
      async probe() {
        await service.ask({ url: 'queue', signal: never });
      },
      async close() {
        await Promise.all(cancelling);
      },
    };
  },
});
