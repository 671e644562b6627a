import { EaselError, type GenerationRequest, type GenerationResult } from '@easel/plugin-sdk';
import { type BatchCall, picturesOf as settledPictures } from '@easel/plugin-sdk/batch';
import { answerSchema, bytesOf, picturesOf } from './answer.js';
import { pictureRequest } from './contents.js';
import { openConversation } from './conversation.js';
import { batchPrices, costOf, type Used } from './cost.js';
import { enhancePrompt } from './enhance-prompt.js';
import { fingerprintOf } from './fingerprint.js';
import { imageConfigOf, sizeWarnings } from './image-config.js';
import { type Means, paidCall } from './means.js';
import { surplusWarnings, thoughtWarnings } from './picture-warnings.js';
import { readPicture } from './read-picture.js';
import type { Options } from './settings.js';

/** Makes pictures by durable batches, a line each. */
export async function makeByBatch(
  { batches, client, requests, semaphore, turns, inputFiles }: Means,
  request: GenerationRequest,
  options: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const startedAt = performance.now();
  const imageConfig = imageConfigOf(request, options);
  const conversation = await openConversation(turns, request, options);
  const { history } = conversation;
  const isKept = options.keepTurn ?? options.previousTurn !== undefined;
  const inputs = await inputFiles.partsOf(request, { isKept, knowsFiles: false }, call);
  const requestFor = (prompt: string) =>
    pictureRequest(request, { prompt, inputs, history }, imageConfig, { ...options, serviceTier: undefined });
  const plain = await client.write(requestFor(request.prompt));
  const target = { model: request.model.source.type === 'provider' ? request.model.source.id : '' };
  const fingerprint = fingerprintOf(target.model, plain, options);
  const paid = paidCall(request, call);
  const wording = { prompt: request.prompt, fingerprint };
  const enhanced = options.enhancePrompt
    ? await semaphore.take(call.signal, () => enhancePrompt({ client, requests }, wording, options, paid))
    : undefined;
  const enhancedAt = performance.now();
  const asked = requestFor(enhanced?.prompt ?? request.prompt);
  const body = enhanced ? await client.write(asked) : plain;
  const asks = Array.from({ length: request.n }, () => ({
    ...{ target, body, fingerprint, requestId: request.requestId },
    isRepeatable: options.callName !== undefined,
  }));

  const used: Used[] = enhanced ? [enhanced] : [];
  const names = new Set<string>();
  let resumed = 0;
  let surplus = 0;
  let thoughts = 0;
  const outcomes = await batches.request(asks, call, async (delivery) => {
    const answer = answerSchema.parse(JSON.parse(delivery.body));
    const { pictures, areThoughts } = picturesOf(answer);
    const [first, ...others] = pictures;
    if (!first)
      throw new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message: 'A line has no picture.' });
    const image = await readPicture(bytesOf(first), request.outputFormat);
    await conversation.keep(asked, answer, [image]);
    used.push({ usage: answer.usageMetadata, prices: batchPrices(options.prices) });
    surplus += others.length;
    if (areThoughts) thoughts += 1;
    if (delivery.batchId !== undefined) names.add(delivery.batchId);
    if (delivery.isResumed) resumed += 1;
    return image;
  });
  const { images, warnings = [] } = settledPictures(outcomes);
  const cost = costOf(used);
  return {
    images,
    warnings: [
      ...sizeWarnings(request, images, imageConfig),
      ...warnings,
      ...surplusWarnings(surplus),
      ...thoughtWarnings(thoughts),
    ],
    ...(cost ? { cost } : {}),
    timings: {
      ...(enhanced ? { enhance: enhancedAt - startedAt } : {}),
      generate: performance.now() - enhancedAt,
    },
    parameters: {
      ...imageConfig,
      delivery: 'batch',
      batches: [...names],
      ...conversation.turnsOf(images),
      ...(resumed > 0 ? { resumed } : {}),
      // Pictures that were on their way already have been worded by another call.
      ...(enhanced && resumed < images.length ? { enhancedPrompt: enhanced.prompt } : {}),
      ...(cost && options.prices ? { pricesAsOf: options.prices.asOf } : {}),
    },
  };
}
