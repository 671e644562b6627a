import type { GenerationRequest, GenerationResult, Warning } from '@easel/plugin-sdk';
import type { BatchCall } from '@easel/plugin-sdk/batch';
import { picturesOf } from './answer.js';
import type { GeminiClient } from './client.js';
import { pictureRequest } from './contents.js';
import { costOf, type Used } from './cost.js';
import { enhancePrompt } from './enhance-prompt.js';
import { imageConfigOf, sizeWarnings } from './image-config.js';
import { type Made, makePictures } from './make-pictures.js';
import { readPicture } from './read-picture.js';
import { whyNothing } from './refusal.js';
import type { Options } from './settings.js';
import { surplusWarnings } from './surplus.js';

/** Share of a call that wording its prompt anew takes. */
const enhancingShare = 0.1;

/**
 * Makes pictures by requests that are answered at once.
 *
 * @param parallel requests at once
 */
export async function makeDirectly(
  client: GeminiClient,
  parallel: number,
  request: GenerationRequest,
  options: Options,
  { signal, onProgress }: BatchCall,
): Promise<GenerationResult> {
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
    parallel,
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
}

function countWarnings(asked: number, { images, surplus, failure }: Made): Warning[] {
  const warnings: Warning[] = [];
  if (failure) {
    const message = `${images.length} of ${asked} pictures were made; then: ${failure.code}: ${failure.message}`;
    warnings.push({ code: 'other', parameter: 'n', message });
  }
  return [...warnings, ...surplusWarnings(surplus)];
}
