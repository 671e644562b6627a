import { createHash } from 'node:crypto';
import { EaselError, type GenerationRequest, seedLimit } from '@easel/plugin-sdk';
import type { Options } from './settings.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What one picture is asked for by. */
export interface PictureBody {
  readonly body: { readonly prompt: string; readonly [key: string]: Json };
  /** Absent: the model has no seeds. */
  readonly seed?: number;
}

/**
 * The bodies of a request, a picture each: with `prompt`, `size`, `response_format` and, for edits, a list
 * `image`, as Parasail's own helper writes them (github.com/parasail-ai/openai-batch, openai_batch/batch.py).
 */
export function pictureBodies(request: GenerationRequest, options: Options): PictureBody[] {
  const { model, width, height, n, seed, negativePrompt, steps, guidanceScale, inputImages } = request;
  if (model.source.type !== 'provider')
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" lies in a folder; Parasail makes the pictures of its own models alone.`,
    });
  const common = {
    ...options.body,
    model: model.source.id,
    prompt: placePictures(request, options),
    size: `${width}x${height}`,
    response_format: 'b64_json',
    ...(inputImages.length === 0
      ? {}
      : { image: inputImages.map(({ bytes }) => Buffer.from(bytes).toString('base64')) }),
    ...(negativePrompt === undefined ? {} : { negative_prompt: negativePrompt }),
    ...(steps === undefined ? {} : { num_inference_steps: steps }),
    ...(guidanceScale === undefined ? {} : { guidance_scale: guidanceScale }),
  };
  return Array.from({ length: n }, (_, index) => {
    if (seed === undefined) return { body: common };
    const own = (seed + index) % (seedLimit + 1);
    return { body: { ...common, seed: own }, seed: own };
  });
}

/** The prompt, with what stands for the input pictures before it where it names none of them. */
function placePictures(
  { prompt, inputImages }: GenerationRequest,
  { imagePlaceholder }: Pick<Options, 'imagePlaceholder'>,
): string {
  if (imagePlaceholder === undefined || inputImages.length === 0) return prompt;
  const places = inputImages.map((_, index) => imagePlaceholder.replaceAll('{n}', `${index + 1}`));
  return places.some((place) => prompt.includes(place)) ? prompt : `${places.join(' ')} ${prompt}`;
}

/**
 * What tells one picture from another, so that a call that is sent again finds its own. A call with a name of
 * its own is known by that, and by all but its seed, which may have been drawn anew.
 */
export function fingerprintOf(
  endpoint: string,
  { body, seed }: PictureBody,
  callName: string | undefined,
): string {
  const { seed: _, ...unseeded } = body;
  const about = callName === undefined ? [endpoint, unseeded, seed ?? null] : [endpoint, unseeded, callName];
  return createHash('sha256').update(JSON.stringify(about)).digest('hex');
}
