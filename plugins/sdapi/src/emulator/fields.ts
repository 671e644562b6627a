/**
 * What `modules/api/models.py` of Automatic1111 1.10 declares. The real one passes over fields that it does
 * not know; here they are refused, so that a slip shows.
 *
 * @module
 */
import { z } from 'zod';

const overrides = z.record(z.string(), z.unknown());

const common = {
  prompt: z.string().default(''),
  negative_prompt: z.string().default(''),
  styles: z.array(z.string()).nullish(),
  width: z.int().min(1).default(512),
  height: z.int().min(1).default(512),
  steps: z.int().min(1).max(150).default(50),
  cfg_scale: z.number().default(7),
  seed: z.int().default(-1),
  subseed: z.int().default(-1),
  subseed_strength: z.number().default(0),
  seed_resize_from_h: z.int().default(-1),
  seed_resize_from_w: z.int().default(-1),
  sampler_name: z.string().nullish(),
  sampler_index: z.string().nullish(),
  scheduler: z.string().nullish(),
  batch_size: z.int().min(1).max(8).default(1),
  n_iter: z.int().min(1).default(1),
  restore_faces: z.boolean().nullish(),
  tiling: z.boolean().nullish(),
  do_not_save_samples: z.boolean().default(false),
  do_not_save_grid: z.boolean().default(false),
  eta: z.number().nullish(),
  denoising_strength: z.number().min(0).max(1).nullish(),
  s_min_uncond: z.number().nullish(),
  s_churn: z.number().nullish(),
  s_tmax: z.number().nullish(),
  s_tmin: z.number().nullish(),
  s_noise: z.number().nullish(),
  override_settings: overrides.nullish(),
  override_settings_restore_afterwards: z.boolean().default(true),
  script_name: z.string().nullish(),
  script_args: z.array(z.unknown()).default([]),
  send_images: z.boolean().default(true),
  save_images: z.boolean().default(false),
  alwayson_scripts: z.record(z.string(), z.unknown()).default({}),
  force_task_id: z.string().nullish(),
  infotext: z.string().nullish(),
  comments: z.record(z.string(), z.unknown()).nullish(),
};

export const textSchema = z.strictObject({
  ...common,
  enable_hr: z.boolean().default(false),
  hr_scale: z.number().default(2),
  hr_upscaler: z.string().nullish(),
  hr_second_pass_steps: z.int().default(0),
  hr_resize_x: z.int().default(0),
  hr_resize_y: z.int().default(0),
  hr_checkpoint_name: z.string().nullish(),
  hr_sampler_name: z.string().nullish(),
  hr_scheduler: z.string().nullish(),
  hr_prompt: z.string().default(''),
  hr_negative_prompt: z.string().default(''),
  firstphase_width: z.int().default(0),
  firstphase_height: z.int().default(0),
});

export const imageSchema = z.strictObject({
  ...common,
  init_images: z.array(z.string()).nullish(),
  resize_mode: z.int().min(0).max(3).default(0),
  image_cfg_scale: z.number().nullish(),
  mask: z.string().nullish(),
  mask_blur: z.int().min(0).nullish(),
  mask_blur_x: z.int().min(0).default(4),
  mask_blur_y: z.int().min(0).default(4),
  mask_round: z.boolean().default(true),
  inpainting_fill: z.int().min(0).max(3).default(0),
  inpaint_full_res: z.union([z.boolean(), z.int()]).default(true),
  inpaint_full_res_padding: z.int().min(0).default(0),
  inpainting_mask_invert: z.int().default(0),
  initial_noise_multiplier: z.number().nullish(),
  latent_mask: z.string().nullish(),
  include_init_images: z.boolean().default(false),
});

export const samplers = [
  { name: 'DPM++ 2M', aliases: ['k_dpmpp_2m'], options: {} },
  { name: 'Euler a', aliases: ['k_euler_a', 'k_euler_ancestral'], options: {} },
  { name: 'Euler', aliases: ['k_euler'], options: {} },
];
export const schedulers = [
  { name: 'automatic', label: 'Automatic', aliases: null },
  { name: 'karras', label: 'Karras', aliases: null },
];
export const checkpoints = ['first', 'second'].map((name, index) => ({
  title: `${name}.safetensors [${String(index).repeat(10)}]`,
  model_name: name,
  hash: String(index).repeat(10),
  sha256: null,
  filename: `/models/Stable-diffusion/${name}.safetensors`,
  config: null,
}));
