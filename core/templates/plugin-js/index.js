import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
import { paint } from './paint.js';

export default definePlugin({
  /** plugins.<id>.options in easel.config.json. */
  config: z.strictObject({
    brightness: z.number().min(0).max(1).default(1).describe('How bright the pictures are, 0 to 1.'),
  }),
  /** providerOptions.<id> of a request, or `--option <id>.angle=90`. */
  options: z.strictObject({
    angle: z.number().min(0).max(360).default(45).describe('Which way the colours run, in degrees.'),
  }),
  // `secrets` has the variables that plugin.json names under permissions.secrets.
  async start({ config, logger }) {
    logger.debug('started');
    return {
      async generate({ prompt, width, height, n, seed = 0, outputFormat }, { options, signal, onProgress }) {
        const images = [];
        for (let index = 0; index < n; index++) {
          signal.throwIfAborted();
          onProgress({ stage: 'generate', fraction: index / n });
          const picture = { width, height, seed: (seed + index) % 2 ** 32 };
          const bytes = await paint({ prompt, ...picture, ...config, ...options });
          images.push({ bytes, mediaType: 'image/png', ...picture });
        }
        return { images, warnings: warningsOf(outputFormat) };
      },
      // Ends what start() has opened.
      async close() {},
    };
  },
});

/** Whatever was not done as it was asked for is said. */
function warningsOf(outputFormat) {
  if (outputFormat === 'png') return [];
  const message = `The pictures are PNG files, not ${outputFormat}: plugin-js makes no others.`;
  return [{ code: 'parameter-adapted', parameter: 'outputFormat', message }];
}
