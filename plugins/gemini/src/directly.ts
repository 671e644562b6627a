import type { GenerationRequest, GenerationResult, Warning } from '@easel/plugin-sdk';
import type { BatchCall } from '@easel/plugin-sdk/batch';
import { type MadeImages, makeImages } from '@easel/plugin-sdk/paid';
import { answerSchema, picturesOf } from './answer.js';
import { pictureRequest } from './contents.js';
import { openConversation } from './conversation.js';
import { costOf, directPrices, type Used } from './cost.js';
import { draw } from './draw.js';
import { enhancePrompt } from './enhance-prompt.js';
import { fingerprintOf } from './fingerprint.js';
import { imageConfigOf, sizeWarnings } from './image-config.js';
import { type Means, paidCall } from './means.js';
import { surplusWarnings, thoughtWarnings } from './picture-warnings.js';
import { readPicture } from './read-picture.js';
import type { Options } from './settings.js';

/** Share of a call that wording its prompt anew takes. */
const enhancingShare = 0.1;

/** Makes pictures by requests that are answered at once. */
export async function makeDirectly(
  means: Pick<Means, 'client' | 'requests' | 'turns' | 'parallelRequests'>,
  request: GenerationRequest,
  options: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const { client, requests, turns, parallelRequests: parallel } = means;
  const startedAt = performance.now();
  const { signal, onProgress } = call;
  const used: Used[] = [];
  onProgress({ stage: 'generate', fraction: 0 });
  const imageConfig = imageConfigOf(request, options);
  const conversation = await openConversation(turns, request, options);
  const { history } = conversation;
  const plain = pictureRequest(request, { prompt: request.prompt, history }, imageConfig, options);
  const paid = paidCall(request, call);
  const fingerprint = fingerprintOf(plain.model, await client.write(plain), options);
  const enhanced = options.enhancePrompt
    ? await enhancePrompt({ client, requests }, { prompt: request.prompt, fingerprint }, options, paid)
    : undefined;
  const enhancedAt = performance.now();
  if (enhanced) {
    used.push(enhanced);
    onProgress({ stage: 'generate', fraction: enhancingShare, message: 'worded the prompt anew' });
  }
  const asked = enhanced
    ? pictureRequest(request, { prompt: enhanced.prompt, history }, imageConfig, options)
    : plain;
  let resumed = 0;
  let thoughts = 0;
  const made = await makeImages({
    count: request.n,
    parallel,
    signal,
    async make(number) {
      const { text, isResumed } = await requests.ask(paid, ['image', number, fingerprint], async (stop) =>
        JSON.stringify(await draw(client, asked, stop, signal)),
      );
      const answer = answerSchema.parse(JSON.parse(text));
      used.push({ usage: answer.usageMetadata, prices: directPrices(options) });
      if (isResumed) resumed += 1;
      const { pictures, areThoughts } = picturesOf(answer);
      if (areThoughts) thoughts += 1;
      const images = await Promise.all(pictures.map((picture) => readPicture(picture, request.outputFormat)));
      await conversation.keep(asked, answer, images);
      return images;
    },
    onMade: (count) =>
      onProgress({ stage: 'generate', fraction: enhancingShare + (0.9 * count) / request.n }),
  });
  const cost = costOf(used);
  return {
    images: [...made.images],
    warnings: [
      ...sizeWarnings(request, made.images, imageConfig),
      ...countWarnings(request.n, made),
      ...thoughtWarnings(thoughts),
    ],
    ...(cost ? { cost } : {}),
    timings: {
      ...(enhanced ? { enhance: enhancedAt - startedAt } : {}),
      generate: performance.now() - enhancedAt,
    },
    parameters: {
      ...imageConfig,
      ...conversation.turnsOf(made.images),
      ...(resumed > 0 ? { resumed } : {}),
      ...(enhanced ? { enhancedPrompt: enhanced.prompt } : {}),
      ...(cost && options.prices ? { pricesAsOf: options.prices.asOf } : {}),
    },
  };
}

function countWarnings(asked: number, { images, surplus, failure }: MadeImages): Warning[] {
  const warnings: Warning[] = [];
  if (failure) {
    const message = `${images.length} of ${asked} pictures were made; then: ${failure.code}: ${failure.message}`;
    warnings.push({ code: 'other', parameter: 'n', message });
  }
  return [...warnings, ...surplusWarnings(surplus)];
}
