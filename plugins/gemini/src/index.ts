/**
 * Google's Gemini image models.
 *
 * @module
 */
import { definePlugin, EaselError, type GenerationRequest, type Warning } from '@easel/plugin-sdk';
import { picturesOf } from './answer.js';
import { GeminiClient, readKey } from './client.js';
import { pictureRequest } from './contents.js';
import { costOf, type Used } from './cost.js';
import { enhancePrompt } from './enhance-prompt.js';
import { chooseImageConfig, sizeWarnings } from './image-config.js';
import { type Made, makePictures } from './make-pictures.js';
import { readPicture } from './read-picture.js';
import { whyNothing } from './refusal.js';
import { configSchema, optionsSchema } from './settings.js';

/** Share of a call that wording its prompt anew takes. */
const enhancingShare = 0.1;

export default definePlugin({
  config: configSchema,
  options: optionsSchema,
  async start({ config, secrets }) {
    const apiKey = readKey('GEMINI_API_KEY', secrets.GEMINI_API_KEY);
    const { baseUrl, requestMs, parallelRequests } = config;
    const client = new GeminiClient({ apiKey, baseUrl, requestMs });
    return {
      async generate(request, { options, signal, onProgress }) {
        const startedAt = performance.now();
        const used: Used[] = [];
        onProgress({ stage: 'generate', fraction: 0 });
        const enhanced = options.enhancePrompt
          ? await enhancePrompt(client, request.prompt, options, signal)
          : undefined;
        const enhancedAt = performance.now();
        if (enhanced) {
          used.push(enhanced);
          onProgress({ stage: 'generate', fraction: enhancingShare, message: 'worded the prompt anew' });
        }
        const imageConfig = imageConfigOf(request, options);
        const asked = pictureRequest(request, enhanced?.prompt ?? request.prompt, imageConfig, options);
        const made = await makePictures({
          count: request.n,
          parallel: parallelRequests,
          signal,
          async make() {
            const answer = await client.generate(asked, signal);
            used.push({ usage: answer.usageMetadata, prices: options.prices });
            const pictures = picturesOf(answer);
            if (pictures.length === 0) throw whyNothing(answer, 'picture');
            return await Promise.all(pictures.map((picture) => readPicture(picture, request.outputFormat)));
          },
          onMade: (count) =>
            onProgress({ stage: 'generate', fraction: enhancingShare + (0.9 * count) / request.n }),
        });
        const cost = costOf(used);
        return {
          images: [...made.images],
          warnings: [...sizeWarnings(request, made.images, imageConfig), ...countWarnings(request.n, made)],
          ...(cost ? { cost } : {}),
          timings: {
            ...(enhanced ? { enhance: enhancedAt - startedAt } : {}),
            generate: performance.now() - enhancedAt,
          },
          parameters: {
            ...imageConfig,
            ...(enhanced ? { enhancedPrompt: enhanced.prompt } : {}),
            ...(cost && options.prices ? { pricesAsOf: options.prices.asOf } : {}),
          },
        };
      },
      /** A provider that is down now keeps no version from being taken in; a key that is refused does. */
      async probe() {
        await client.check().catch((error: unknown) => {
          if (!EaselError.isInstance(error) || !error.retryable) throw error;
        });
      },
    };
  },
});

const imageConfigOf = (
  { model, width, height, inputImages }: GenerationRequest,
  options: Parameters<typeof chooseImageConfig>[1],
) => chooseImageConfig({ width, height }, options, { count: inputImages.length, defaults: model.defaults });

function countWarnings(asked: number, { images, surplus, failure }: Made): Warning[] {
  const warnings: Warning[] = [];
  if (failure) {
    const message = `${images.length} of ${asked} pictures were made; then: ${failure.code}: ${failure.message}`;
    warnings.push({ code: 'other', parameter: 'n', message });
  }
  if (surplus > 0)
    warnings.push({
      code: 'other',
      message: `Google drew ${surplus} more than asked for; they were left out.`,
    });
  return warnings;
}
