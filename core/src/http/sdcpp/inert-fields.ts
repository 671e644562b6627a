import { type SdcppRequest, sdcppRequestSchema } from './request.js';

/**
 * Fields that stable-diffusion.cpp has and Easel does not, with the values at which they have no effect there
 * either, beside null and empty ones.
 */
const defaults: ReadonlyMap<string, readonly unknown[]> = new Map(
  Object.entries({
    auto_resize_ref_image: [true],
    increase_ref_index: [false],
    control_image: [],
    control_strength: [0.9],
    ip_adapter_image: [],
    ip_adapter_strength: [1],
    qwen_image_layers: [0],
    embed_image_metadata: [true],
    preview: ['none'],
    preview_interval: [1],
    cache_mode: ['disabled'],
    cache_option: [],
    scm_mask: [],
    scm_policy_dynamic: [true],
    'vae_tiling_params.enabled': [false],
    'vae_tiling_params.temporal_tiling': [false],
    'vae_tiling_params.tile_size_x': [0],
    'vae_tiling_params.tile_size_y': [0],
    'vae_tiling_params.target_overlap': [0.5],
    'vae_tiling_params.rel_size_x': [0],
    'vae_tiling_params.rel_size_y': [0],
    'sample_params.eta': [],
    'sample_params.shifted_timestep': [0],
    'sample_params.custom_sigmas': [],
    'sample_params.flow_shift': [0],
    'sample_params.guidance.img_cfg': [],
    'sample_params.guidance.slg.scale': [0],
    'hires.custom_sigmas': [],
    'hires.upscale_tile_size': [128],
  }),
);
export const inertFieldNames: readonly string[] = [...defaults.keys()];

/** What has no effect there either, where the field beside it says so. */
const asides: Readonly<Record<string, string>> = {
  'hires.': 'hires.enabled',
  'vae_tiling_params.': 'vae_tiling_params.enabled',
  'sample_params.guidance.slg.': 'sample_params.guidance.slg.scale',
};

const textGuidance = 'sample_params.guidance.txt_cfg';
const shown = 40;

/** Names of the fields that would have had an effect in stable-diffusion.cpp and have none here. */
export function findInertFields(body: SdcppRequest): string[] {
  const { lora: _, ...fields } = body;
  const leaves = new Map(leavesOf(fields));
  const hasEffect = (name: string): boolean => {
    const value = leaves.get(name);
    const aside = Object.entries(asides).find(([start, flag]) => name.startsWith(start) && name !== flag);
    if (aside) return hasEffect(aside[1]);
    // Absent, it is that of the prompt.
    if (name === 'sample_params.guidance.img_cfg' && value === leaves.get(textGuidance)) return false;
    return !isNothing(value) && !defaults.get(name)?.includes(value);
  };
  const inert = [...leaves.keys()].filter((name) => !isRead(name) && hasEffect(name));
  return inert.slice(0, shown);
}

/** Fields in fields by their names, with dots. */
function leavesOf(fields: object, start = ''): [string, unknown][] {
  return Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
    const path = start + name.slice(0, 100);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && start.length < 200 ? leavesOf(value, `${path}.`) : [[path, value]];
  });
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const { sample_params, hires } = sdcppRequestSchema.shape;
const samples = sample_params.unwrap().unwrap().shape;
const read: ReadonlySet<string> = new Set([
  ...Object.keys(sdcppRequestSchema.shape),
  ...Object.keys(samples).map((name) => `sample_params.${name}`),
  ...Object.keys(samples.guidance.unwrap().unwrap().shape).map((name) => `sample_params.guidance.${name}`),
  ...Object.keys(hires.unwrap().unwrap().shape).map((name) => `hires.${name}`),
]);
const isRead = (name: string): boolean => read.has(name);
