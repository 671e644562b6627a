import type { GenerationRequest, GenerationResult, Warning } from '@easel/plugin-sdk';
import type { BatchCall } from '@easel/plugin-sdk/batch';
import { type MadeImages, makeImages } from '@easel/plugin-sdk/paid';
import { costOf, directPrices, type Used } from './cost.js';
import { isRefusedInBackground } from './delivery.js';
import { openDirectly } from './directly.js';
import { enhancePrompt } from './enhance-prompt.js';
import { type ImageConfig, imageConfigOf, sizeWarnings } from './image-config.js';
import { openInBackground } from './interactions/way.js';
import { type Means, paidCall, type Way } from './means.js';
import { surplusWarnings, thoughtWarnings } from './picture-warnings.js';
import type { Options } from './settings.js';

/** Share of a call that wording its prompt anew takes. */
const enhancingShare = 0.1;

/**
 * Makes pictures, each by a request of its own. Where nobody asked for it, and Google refuses to make them in
 * the background, they are asked for directly.
 */
export async function makeOneByOne(
  means: Means,
  { delivery, isAsked }: { readonly delivery: 'background' | 'direct'; readonly isAsked: boolean },
  request: GenerationRequest,
  options: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const imageConfig = imageConfigOf(request, options);
  const make = async (way: Way) => await makeEach(means, way, request, options, imageConfig, call);
  const directly = async () =>
    await make(await openDirectly(means, request, options, imageConfig, paidCall(request, call)));
  const { source } = request.model;
  const model = source.type === 'provider' ? source.id : '';
  if (delivery === 'direct' || (!isAsked && means.directModels.has(model))) return await directly();
  try {
    return await make(await openInBackground(means, request, options, imageConfig, call));
  } catch (error) {
    if (isAsked || options.previousTurn !== undefined || !isRefusedInBackground(error)) throw error;
    means.directModels.add(model);
    return await directly();
  }
}

async function makeEach(
  { client, requests, parallelRequests: parallel }: Means,
  way: Way,
  request: GenerationRequest,
  options: Options,
  imageConfig: ImageConfig,
  call: BatchCall,
): Promise<GenerationResult> {
  const startedAt = performance.now();
  const { signal, onProgress } = call;
  const used: Used[] = [];
  onProgress({ stage: 'generate', fraction: 0 });
  const wording = { prompt: request.prompt, fingerprint: way.fingerprint };
  const enhanced = options.enhancePrompt
    ? await enhancePrompt({ client, requests }, wording, options, paidCall(request, call))
    : undefined;
  const enhancedAt = performance.now();
  if (enhanced) {
    used.push(enhanced);
    onProgress({ stage: 'generate', fraction: enhancingShare, message: 'worded the prompt anew' });
  }
  let resumed = 0;
  let thoughts = 0;
  const made = await makeImages({
    count: request.n,
    parallel,
    signal,
    async make(number) {
      const drawn = await way.draw(enhanced?.prompt ?? request.prompt, number);
      used.push({ usage: drawn.usage, prices: directPrices(options) });
      if (drawn.isResumed) resumed += 1;
      if (drawn.areThoughts) thoughts += 1;
      return drawn.images;
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
      ...way.turnsOf(made.images),
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
