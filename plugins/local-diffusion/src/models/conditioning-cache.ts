import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Conditioning, ConditioningRequest, ModelConditioning } from '../pipelines/diffusion-model.js';

/** Some hundred prompts of a small text encoder, some tens of two large ones. */
const maximumBytes = 64 * 1024 ** 2;

type Condition = (request: ConditioningRequest) => Promise<ModelConditioning>;

/**
 * Keeps what prompts were made into, so that the same ones again need no text encoder.
 *
 * @param state whatever else decides what a prompt becomes
 */
export function cacheConditioning(condition: Condition, state: () => unknown): Condition {
  const known = new LRUCache<string, ModelConditioning>({
    maxSize: maximumBytes,
    sizeCalculation: ({ conditional, unconditional }) => bytesOf(conditional) + bytesOf(unconditional ?? {}),
  });
  return async (request) => {
    const key = keyOf(request, state());
    const made = known.get(key) ?? (await condition(request));
    known.set(key, made);
    return made;
  };
}

const bytesOf = (conditioning: Conditioning): number =>
  Object.values(conditioning).reduce((sum, { data }) => sum + data.byteLength, 1);

function keyOf(request: ConditioningRequest, state: unknown): string {
  const {
    prompts,
    negativePrompts,
    isGuided,
    clipSkip,
    promptStyle,
    inversions = [],
    inputImages = [],
    ...rest
  } = request;
  const { width, height, familyOptions } = rest;
  const words = inversions.map(({ word }) => word);
  const hash = createHash('sha256').update(
    JSON.stringify([
      prompts,
      negativePrompts ?? null,
      isGuided,
      clipSkip,
      promptStyle,
      words,
      width,
      height,
      familyOptions,
      inputImages.map((image) => [image.width, image.height]),
      state,
    ]),
  );
  for (const { rgb } of inputImages) hash.update(rgb);
  for (const { values } of inversions.flatMap(({ matrices }) => matrices)) hash.update(values);
  return hash.digest('base64');
}
