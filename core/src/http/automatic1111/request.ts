import { type ImageRequest, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { withoutAbsent } from '../request-fields.js';
import { inpaintingFields, readInpainting } from './inpainting.js';

const field = imageRequestSchema.shape;
export const automaticOptionsSchema = z.looseObject({ sd_model_checkpoint: z.string().min(1).nullish() });

/** The fields of Automatic1111's `txt2img` and `img2img` that have a meaning here; its many others are passed over, as it does itself. */
export const automaticRequestSchema = z.looseObject({
  prompt: z.string().default(''),
  negative_prompt: field.negativePrompt.nullish(),
  seed: z.int().min(-1).nullish(),
  steps: field.steps.nullish(),
  cfg_scale: field.guidanceScale.nullish(),
  width: field.width.nullish(),
  height: field.height.nullish(),
  batch_size: z.int().min(1).max(32).default(1),
  n_iter: z.int().min(1).max(32).default(1),
  sampler_name: z.string().nullish(),
  scheduler: z.string().nullish(),
  ...inpaintingFields,
  override_settings: automaticOptionsSchema.nullish(),
});
export type AutomaticRequest = z.output<typeof automaticRequestSchema>;

/** What the kernel is asked for. A seed of -1 is a drawn one, and an empty prompt is one that says nothing. */
export async function fromAutomaticRequest(
  body: AutomaticRequest,
): Promise<{ asked: ImageRequest; warnings: Warning[] }> {
  const { seed, sampler_name, scheduler } = body;
  const sampler = [sampler_name, scheduler === 'Automatic' ? undefined : scheduler].filter(Boolean).join(' ');
  const { request, warnings } = await readInpainting(body);
  return {
    asked: {
      prompt: body.prompt.trim() === '' ? ' ' : body.prompt,
      n: body.batch_size * body.n_iter,
      ...withoutAbsent({
        model: body.override_settings?.sd_model_checkpoint,
        negativePrompt: body.negative_prompt,
        seed: seed === -1 ? undefined : seed,
        steps: body.steps,
        guidanceScale: body.cfg_scale,
        width: body.width,
        height: body.height,
        sampler: sampler === '' ? undefined : sampler,
      }),
      ...request,
    },
    warnings,
  };
}
