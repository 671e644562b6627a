import type { Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { AvailableModel } from '../../models/available-models.js';
import { parametersTextOf } from '../../results/embed-provenance.js';
import type { ImageResult, Provenance } from '../../results/image-result.js';
import { readSharedOption } from '../shared-options.js';
import type { AutomaticRequest } from './request.js';

/** Images, and what made them. */
export interface MadeImages extends Pick<ImageResult, 'images'> {
  readonly provenance: Pick<Provenance, 'model' | 'parameters'>;
}

/** Layers of the text encoder that are left out, as the option has it. */
const clipSkipSchema = z.int().min(0).catch(0);
const hiresSchema = z.object({ strength: z.number() }).optional().catch(undefined);

/**
 * What Automatic1111 tells of the images that it has made, and beside it, as `warnings`, what was done
 * otherwise than asked.
 *
 * @param model that made them
 */
export function infoOf(
  result: MadeImages,
  { batch_size }: AutomaticRequest,
  warnings: readonly Warning[],
  model: AvailableModel | undefined,
) {
  const { images, provenance } = result;
  const {
    prompt,
    negativePrompt = '',
    steps,
    guidanceScale,
    sampler,
    samplerLabel,
    strength,
  } = provenance.parameters;
  const [first] = images;
  const shared = (name: Parameters<typeof readSharedOption>[0]) =>
    readSharedOption(name, provenance.parameters.options, model);
  const seeds = images.map(({ seed }) => seed ?? -1);
  return {
    prompt,
    all_prompts: images.map(() => prompt),
    negative_prompt: negativePrompt,
    all_negative_prompts: images.map(() => negativePrompt),
    seed: seeds[0] ?? -1,
    all_seeds: seeds,
    subseed: -1,
    all_subseeds: images.map(() => -1),
    subseed_strength: 0,
    width: first?.width,
    height: first?.height,
    sampler_name: samplerLabel?.sampler ?? sampler ?? null,
    cfg_scale: guidanceScale ?? null,
    steps: steps ?? null,
    batch_size: batch_size ?? 1,
    restore_faces: false,
    face_restoration_model: null,
    sd_model_name: provenance.model,
    sd_model_hash: null,
    sd_vae_name: null,
    sd_vae_hash: null,
    seed_resize_from_w: -1,
    seed_resize_from_h: -1,
    denoising_strength: strength ?? hiresSchema.parse(shared('hiresFix'))?.strength ?? null,
    extra_generation_params: {},
    index_of_first_image: 0,
    infotexts: images.map((image) => parametersTextOf(image, result)),
    styles: [],
    job_timestamp: timestamp(new Date()),
    // There the last layer counts as 1.
    clip_skip: clipSkipSchema.parse(shared('clipSkip')) + 1,
    is_using_inpainting_conditioning: false,
    version: 'Easel',
    warnings,
  };
}

/** `20261128235959`. */
export const timestamp = (time: Date): string => time.toISOString().replace(/\D/g, '').slice(0, 14);
