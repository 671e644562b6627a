import { definePlugin, EaselError, type Image } from '@easel/plugin-sdk';
import { z } from 'zod';
import { makeImage } from './provider.js';

export default definePlugin({
  /** plugins.<id>.options in easel.config.json. */
  config: z.strictObject({
    baseUrl: z.url().default('https://api.example.com').describe('Where the provider answers.'),
    requestMs: z.int().positive().default(60_000).describe('Milliseconds that one image may take.'),
  }),
  /** providerOptions.<id> of a request, or `--option <id>.enhance=true`. */
  options: z.strictObject({
    enhance: z.boolean().default(false).describe('Whether the provider words the prompt anew.'),
  }),
  secrets: ['HTTP_TS_API_KEY'],
  async start({ config, secrets }) {
    return {
      async generate(
        { requestId, model, prompt, width, height, n, seed = 0 },
        { options, signal, onProgress },
      ) {
        const images: Image[] = [];
        let amount = 0;
        const { source } = model;
        if (source.type !== 'provider')
          throw new EaselError({
            code: 'ERR_REQUEST_INVALID',
            message: `The model "${model.id}" has no provider's id under "source".`,
          });
        let enhancedPrompt: string | undefined;
        for (let index = 0; index < n; index++) {
          onProgress({ stage: 'generate', fraction: index / n });
          const picture = { width, height, seed: (seed + index) % 2 ** 32 };
          const made = await makeImage(
            { model: source.id, prompt, ...picture, enhance: options.enhance },
            // The same when the call is made again: the provider is not to be paid twice for it.
            { ...config, key: secrets.HTTP_TS_API_KEY, idempotencyKey: `${requestId}-${index}`, signal },
          );
          images.push({ bytes: made.bytes, mediaType: 'image/png', ...picture });
          amount += made.cost;
          enhancedPrompt ??= made.prompt;
        }
        const cost = { amount, currency: 'USD' };
        return { images, cost, ...(enhancedPrompt === undefined ? {} : { parameters: { enhancedPrompt } }) };
      },
    };
  },
});
