import { imageRequestSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

const field = imageRequestSchema.shape;
const text = z.string().max(200).nullish();

/** What is sampled with. */
const sampleParamsSchema = z.looseObject({
  scheduler: text,
  sample_method: text,
  sample_steps: field.steps.nullish(),
  guidance: z
    .looseObject({
      txt_cfg: field.guidanceScale.nullish(),
      distilled_guidance: field.guidanceScale.nullish(),
    })
    .nullish(),
});

/** A second pass at a larger size. */
const hiresSchema = z.looseObject({
  enabled: z.boolean().nullish(),
  upscaler: text,
  scale: z.number().min(1).max(8).nullish(),
  target_width: z.int().min(0).max(16_384).nullish(),
  target_height: z.int().min(0).max(16_384).nullish(),
  steps: z.int().min(0).max(1000).nullish(),
  denoising_strength: z.number().min(0).max(1).nullish(),
});

const loraSchema = z.looseObject({
  path: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^<>:]*$/, 'must be a name without <, > and :'),
  multiplier: z.number().min(-100).max(100).nullish(),
});

/**
 * The fields of stable-diffusion.cpp's `img_gen` that have a meaning here, and `model`, which it does not
 * have: its server has one. Its others are named in the answer where they would have had an effect.
 */
export const sdcppRequestSchema = z.looseObject({
  prompt: z.string().nullish(),
  model: z.string().min(1).max(200).nullish().describe('Id of a model. Absent: the current one.'),
  negative_prompt: field.negativePrompt.nullish(),
  clip_skip: z.int().min(-1).max(12).nullish(),
  width: z.int().min(0).max(16_384).nullish(),
  height: z.int().min(0).max(16_384).nullish(),
  strength: field.strength.nullish(),
  seed: z.int().nullish(),
  batch_count: field.n.unwrap().nullish(),
  init_image: z.string().nullish(),
  ref_images: z.array(z.string()).max(16).nullish(),
  mask_image: z.string().nullish(),
  sample_params: sampleParamsSchema.nullish(),
  lora: z.array(loraSchema).max(32).nullish(),
  hires: hiresSchema.nullish(),
  output_format: z.enum(['png', 'jpeg', 'webp']).nullish(),
  output_compression: z.int().min(0).max(100).nullish(),
});
export type SdcppRequest = z.output<typeof sdcppRequestSchema>;
