import type { Warning } from '@easel/plugin-sdk';
import { isControlNet } from './controlnet.js';
import { type AutomaticRequest, automaticRequestSchema } from './request.js';

/**
 * Fields that Automatic1111 has and Easel does not, with the values at which they have no effect there
 * either, beside null and empty ones.
 */
const defaults: ReadonlyMap<string, readonly unknown[]> = new Map(
  Object.entries({
    styles: [],
    subseed: [-1],
    subseed_strength: [0],
    seed_resize_from_h: [-1, 0],
    seed_resize_from_w: [-1, 0],
    restore_faces: [false],
    tiling: [false],
    eta: [0],
    s_churn: [0],
    s_tmax: [0],
    s_tmin: [0],
    s_noise: [1],
    s_min_uncond: [0],
    override_settings_restore_afterwards: [true],
    refiner_checkpoint: ['None'],
    refiner_switch_at: [0, 1],
    disable_extra_networks: [false],
    comments: [],
    firstphase_width: [0],
    firstphase_height: [0],
    hr_checkpoint_name: ['Use same checkpoint'],
    hr_sampler_name: ['Use same sampler'],
    hr_scheduler: ['Use same scheduler', 'Automatic'],
    hr_prompt: [],
    hr_negative_prompt: [],
    script_name: ['None'],
    script_args: [],
    alwayson_scripts: [],
    infotext: [],
    resize_mode: [0],
    image_cfg_scale: [1.5],
    initial_noise_multiplier: [1],
    latent_mask: [],
    mask_round: [true],
    // What is stored, and whether with grids, is for Easel's settings to say: its clients send these two of
    // habit.
    do_not_save_samples: [true, false],
    do_not_save_grid: [true, false],
  }),
);

export const inertFieldNames: readonly string[] = [...defaults.keys()];

/**
 * Of `txt2img`, those of the second pass, and of `img2img` those of the mask: without it they have no effect
 * in Automatic1111 either.
 */
const ofHires = /^(hr_|firstphase_)/;

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/**
 * A number or a flag may be text, too. An object is none of the values that have no effect: it is never made
 * text, which its sender could make fail.
 */
const isSame = (known: unknown, given: unknown): boolean =>
  typeof given !== 'object' && String(known) === String(given);

/**
 * Names of the fields, and of what is in them, that would have had an effect in Automatic1111 and have none
 * here.
 */
export function findInertFields(body: AutomaticRequest): string[] {
  const others = Object.keys(body).filter((name) => !Object.hasOwn(automaticRequestSchema.shape, name));
  const asked = others.filter((name) => {
    const value = body[name];
    if (isNothing(value) || (ofHires.test(name) && !body.enable_hr)) return false;
    return !defaults.get(name)?.some((each) => isSame(each, value));
  });
  return asked.flatMap((name) => (name === 'alwayson_scripts' ? scriptsOf(body[name]) : [name]));
}

const scriptsOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.keys(value)
        .filter((script) => !isControlNet(script))
        .map((script) => `alwayson_scripts.${script.slice(0, 100)}`)
    : ['alwayson_scripts'];

const shown = 40;

/** A warning for each. */
export function warnOfInertFields(names: readonly string[]): Warning[] {
  return names.slice(0, shown).map((name) => {
    const parameter = name.slice(0, 200);
    return { code: 'parameter-dropped', parameter, message: `${parameter} had no effect.` };
  });
}
