import { z } from 'zod';
import { chooseSampler } from '../../../plugins/local-diffusion/src/sampling/choose.js';
import { resolveSampler } from '../../../plugins/local-diffusion/src/sampling/names.js';
import {
  buildSchedule,
  startSchedule,
  withLevels,
} from '../../../plugins/local-diffusion/src/sampling/schedules/build-schedule.js';
import { decodeFloats, largestError } from '../arrays.js';
import type { CaseOutcome } from '../case.js';
import {
  isFlow,
  largestSigma,
  modelSchema,
  schedulerConfigOf,
  standInDenoised,
  standInOutput,
} from './sampler-models.js';
import { stepNoise } from './step-noise.js';

const arraySchema = z.object({ shape: z.array(z.number()), dtype: z.string(), b64: z.string() });

export const samplerCaseSchema = z.object({
  id: z.string(),
  sampler: z.string(),
  scheduler: z.string().optional(),
  steps: z.number(),
  model: modelSchema,
  level: z.enum(['denoiser', 'unet']),
  cfg: z.number(),
  seed: z.number().optional(),
  seeds: z.array(z.number()).optional(),
  shape: z.array(z.number()),
  options: z.record(z.string(), z.unknown()),
  eta: z.number().optional(),
  sigmas: z.array(z.number()).optional(),
  call_sigmas: z.array(z.number()).optional(),
  stored_cols: z.number(),
  call_x: arraySchema,
  final: arraySchema,
  latent_image: z.unknown().optional(),
  denoise_mask: z.unknown().optional(),
  mask: z.unknown().optional(),
  subseeds: z.unknown().optional(),
  seed_resize_from_h: z.unknown().optional(),
  last_step: z.number().optional(),
  step_noise: z.string().default('continues the initial generator'),
  noise: z.array(z.object({ sigma: z.number(), sigma_next: z.number(), v: arraySchema })).optional(),
  'amplification_of_1e-6': z.number(),
});
export type SamplerCase = z.output<typeof samplerCaseSchema>;

/** Why a case is not run, in words. */
function obstacleOf(entry: SamplerCase): string | undefined {
  const { options, sampler } = entry;
  if (!entry.sigmas) return 'a sampler over timesteps, which diffusers spaces otherwise';
  const isKnob = ([name]: [string, unknown]) => name === 'max_order' || name === 'order';
  if (!Object.entries(options).every(isKnob) || entry.eta !== undefined)
    return `options ${JSON.stringify(options)}`;
  if (entry.denoise_mask || entry.mask) return 'masks are the pipelines’ part';
  if (entry.subseeds || entry.seed_resize_from_h) return 'noise of two seeds';
  if (entry.last_step !== undefined) return 'a part of a run';
  if (entry.step_noise === 'cuda(seed)') return 'noise of a graphics card';
  if (/cfg_pp|CFG\+\+/.test(sampler)) return 'CFG++';
  if (entry.level === 'unet' && entry.model.zsnr) return 'timesteps of another table';
  return undefined;
}

/** A sampler of a program against the one of the same name here, over the program's own sigmas. */
export async function compareSampler(program: 'comfyui' | 'a1111', entry: SamplerCase): Promise<CaseOutcome> {
  const { model, cfg } = entry;
  const obstacle = obstacleOf(entry) ?? differenceOf(program, entry);
  if (obstacle) return { status: 'not-built', detail: obstacle };
  const chosen = chooseSampler(schedulerConfigOf(model), entry.sampler);
  const { row, scheduler, config } = chosen;
  const parameterization = scheduler.parameterize(config);
  const own = buildSchedule(chosen, parameterization, { steps: entry.steps });
  const sigmas = entry.sigmas!;
  const levels = sigmas.map((sigma) => own.levelOf(Math.fround(sigma)));
  // The first level that is sampled from, where it lies just below pure noise.
  if (isFlow(model) && own.levels[0]!.sigma < 1 && sigmas[0] === 1)
    levels[0] = own.levelOf(Math.fround(entry.call_sigmas![0]!));
  const started = startSchedule(withLevels(own, levels, row), 0, row);
  const toProgram = (latents: Float32Array, alpha: number) =>
    isFlow(model) ? latents : latents.map((x) => x / alpha);
  const calls: number[] = [];
  const { latents, noise } = stepNoise(program, entry, sigmas[0]! >= largestSigma(model) * (1 - 1e-5));
  const first = started.schedule.levels[0]!;
  const final = await chosen.sample({
    ...started,
    options: config,
    knobs: { order: (entry.options.max_order ?? entry.options.order) as number | undefined },
    latents: isFlow(model) ? latents : latents.map((x) => x * first.alpha),
    async denoise(current, level) {
      const shown = toProgram(current, level.alpha);
      calls.push(...shown.subarray(0, entry.stored_cols));
      if (entry.level === 'unet') {
        const output = standInOutput(parameterization.scaleInput(current, level), level.timestep, cfg);
        return parameterization.denoised(current, output, level);
      }
      const sigma = isFlow(model) ? level.sigma : level.sigma / level.alpha;
      return standInDenoised(shown, sigma, isFlow(model) ? level.alpha : 1, cfg);
    },
    limit: (image) => image,
    prediction: parameterization,
    noise,
    onCall: async () => {},
  });
  const scale = (values: ArrayLike<number>) => Math.max(1, ...Array.from(values, Math.abs));
  const tolerance = 1e-4 * Math.max(1, entry['amplification_of_1e-6']);
  const wanted = { calls: decodeFloats(entry.call_x), final: decodeFloats(entry.final) };
  const errors = {
    calls: largestError(calls, wanted.calls, 'absolute') / scale(wanted.calls),
    final: largestError(final, wanted.final, 'absolute') / scale(wanted.final),
  };
  const detail = `calls ${errors.calls.toPrecision(2)}, final ${errors.final.toPrecision(2)}`;
  const isEqual = errors.calls <= tolerance && errors.final <= tolerance;
  return { status: isEqual ? 'passed' : 'failed', detail };
}

/** Samplers of the programs that are not built, in their spelling of names. */
const unknown = ['dpm_fast', 'dpm_adaptive', 'DPM fast', 'DPM adaptive'];

/** Samplers that are diffusers' of the same name, and how those differ. */
const ofDiffusers: Readonly<Record<string, string>> = {
  lms: 'the last step extrapolates too',
  LMS: 'the last step extrapolates too',
  LCM: "diffusers' boundary conditions",
  lcm: "diffusers' boundary conditions",
  deis: 'in log(rho)',
  uni_pc: 'ends at sigma 0',
  uni_pc_bh2: 'ends at sigma 0',
  ddim: 'over timesteps',
};

/** Why a sampler is not to be equal, in words. */
function differenceOf(program: 'comfyui' | 'a1111', entry: SamplerCase): string | undefined {
  const { sampler, model } = entry;
  if (unknown.includes(sampler)) return 'no such sampler';
  const row = resolveSampler(sampler).row;
  if (Object.hasOwn(ofDiffusers, sampler) && !(isFlow(model) && row.flowSample))
    return `diffusers' sampler: ${ofDiffusers[sampler]}`;
  if (entry.level === 'unet' && program === 'comfyui') return 'timesteps are whole in ComfyUI';
  return isFlow(model) && !row.flowScheduler ? 'not for flows' : undefined;
}
