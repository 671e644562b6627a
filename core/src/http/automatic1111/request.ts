import { imageRequestSchema, seedLimit } from '@easel/plugin-sdk';
import { z } from 'zod';
import { inpaintingFields } from './inpainting.js';
import { flag, number } from './loose-values.js';

const field = imageRequestSchema.shape;
const count = z.int().min(1).max(32);

/**
 * A seed as its clients send it, a whole number of whatever size, as text too. -1 and an empty text are none.
 */
const seed = z
  .union([z.number(), z.string().regex(/^\s*(-?\d+(\.0*)?)?\s*$/, 'must be a whole number')])
  .nullish();

/** A seed as 32 bits; undefined for one that is to be drawn. */
export function foldSeed(given: z.output<typeof seed>): number | undefined {
  const text = String(given ?? '').trim();
  if (text === '' || Number(text) === -1) return undefined;
  const whole = typeof given === 'number' ? BigInt(Math.trunc(given)) : BigInt(text.split('.')[0] ?? '');
  return Number(whole & BigInt(seedLimit));
}

export const automaticOptionsSchema = z.looseObject({
  sd_model_checkpoint: z.string().min(1).nullish(),
  CLIP_stop_at_last_layers: number(z.int().min(1).max(12)),
  samples_format: z.enum(['png', 'jpg', 'jpeg', 'webp', 'avif']).nullish(),
});

/** Of `txt2img` alone: a second pass at a larger size. */
export const hiresFields = {
  enable_hr: flag,
  hr_scale: number(z.number().min(1).max(8)),
  hr_resize_x: number(z.int().min(0).max(16_384)),
  hr_resize_y: number(z.int().min(0).max(16_384)),
  hr_second_pass_steps: number(z.int().min(0).max(1000)),
  hr_upscaler: z.string().nullish(),
};

/**
 * The fields of Automatic1111's `txt2img` and `img2img` that have a meaning here; its others are named in the
 * answer where they would have had an effect.
 */
export const automaticRequestSchema = z.looseObject({
  prompt: z.string().nullish(),
  negative_prompt: field.negativePrompt.nullish(),
  seed,
  steps: number(field.steps.unwrap()),
  cfg_scale: number(field.guidanceScale.unwrap()),
  width: number(field.width.unwrap()),
  height: number(field.height.unwrap()),
  batch_size: number(count),
  n_iter: number(count),
  sampler_name: z.string().nullish(),
  sampler_index: z.string().nullish(),
  scheduler: z.string().nullish(),
  ...hiresFields,
  ...inpaintingFields,
  override_settings: automaticOptionsSchema.nullish(),
  send_images: flag,
  save_images: flag,
  include_init_images: flag,
  force_task_id: z.string().max(200).nullish(),
});
export type AutomaticRequest = z.output<typeof automaticRequestSchema>;
