import { EaselError } from '@easel/plugin-sdk';
import { chooseSampler } from './choose.js';
import { canonicalName } from './names.js';
import { mixtureAt } from './parameterization/mixture.js';
import { samplers } from './samplers/index.js';
import type { SamplerKnobs } from './samplers/sampler.js';
import { buildSchedule, type Schedule, type ScheduleRequest } from './schedules/schedule.js';
import { weightedSum } from './weighted-sum.js';

export interface SamplingRequest extends ScheduleRequest {
  /** The parsed content of the model's `scheduler_config.json`; see `readSchedulerConfig`. */
  readonly schedulerConfig: unknown;
  /** A diffusers class name or a usual one such as `dpmpp_2m_karras`; absent means the model's own sampler. */
  readonly sampler?: string | undefined;
  /** How much of the schedule is run on top of an image, over 0 to 1; absent means all of it, from noise. */
  readonly strength?: number | undefined;
  readonly knobs?: SamplerKnobs | undefined;
}

export interface SamplingRunOptions {
  /** Start: unit noise times `initialNoiseSigma`, or what `addNoise` gives. A batch is its images one after the other. */
  readonly latents: Float32Array;
  /** How many images the array holds; absent means one. */
  readonly imageCount?: number | undefined;
  /** The network: scaled latents and a timestep to its output, in the shape of the latents. */
  denoise(scaledLatents: Float32Array, timestep: number): Promise<Float32Array>;
  /** `count` numbers of the standard normal distribution, for the samplers that draw noise as they go. */
  noise(count: number): Float32Array;
  /** Called after each network call; `latents` must not be changed. */
  onStep?(step: {
    readonly index: number;
    readonly of: number;
    readonly latents: Float32Array;
  }): void | Promise<void>;
  /** Looked at before each network call. */
  readonly signal?: AbortSignal | undefined;
}

/** A sampler with its schedule, ready to run any number of times. */
export interface SamplingPlan {
  /** The sampler's usual name, schedule included. */
  readonly sampler: string;
  readonly warnings: readonly string[];
  /** What unit noise is multiplied by to start from. */
  readonly initialNoiseSigma: number;
  /** The timestep of each network call. */
  readonly timesteps: readonly number[];
  /** Network calls in all. */
  readonly denoiserCalls: number;
  /** An image's latents with unit noise mixed in, as far as the first timestep has it. */
  addNoise(latents: Float32Array, noise: Float32Array): Float32Array;
  /** @throws EaselError ERR_ABORTED once `signal` is aborted. */
  run(options: SamplingRunOptions): Promise<Float32Array>;
}

/** Index of the first network call when sampling starts from an image: diffusers' `get_timesteps`. */
function firstCall(steps: number, strength: number | undefined, schedule: Schedule): number {
  if (strength === undefined) return 0;
  if (!(strength > 0 && strength <= 1)) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `strength is ${strength}, not within 0 .. 1`,
    });
  }
  const run = Math.min(Math.trunc(steps * strength), steps);
  const first = (steps - run) * schedule.callsPerStep;
  if (run >= 1 && first < schedule.timesteps.length) return first;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${steps} steps at strength ${strength} leave nothing to do`,
    hint: `Ask for ${Math.ceil(1 / strength)} steps or more, or for a higher strength.`,
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new EaselError({ code: 'ERR_ABORTED', message: 'sampling was cancelled', cause: signal.reason });
}

/**
 * Plans the way from noise to image: which sampler, at which timesteps, from how much noise.
 * @throws EaselError ERR_REQUEST_INVALID for what the caller asked; ERR_MODEL_FILES_INVALID for what the model's file says.
 */
export function planSampling(request: SamplingRequest): SamplingPlan {
  const chosen = chooseSampler(request.schedulerConfig, request.sampler);
  const { className, config, warnings } = chosen;
  const schedule = buildSchedule(className, config, request);
  const steps = request.timesteps?.length ?? (request.sigmas ? request.sigmas.length - 1 : request.steps);
  const begin = firstCall(steps, request.strength, schedule);
  const timesteps = schedule.timesteps.slice(begin);
  const [imageShare, noiseShare] = mixtureAt(chosen, schedule, begin);

  async function run(options: SamplingRunOptions): Promise<Float32Array> {
    let index = 0;
    return samplers[className]({
      config,
      schedule,
      begin,
      steps,
      knobs: request.knobs ?? {},
      imageCount: options.imageCount ?? 1,
      latents: options.latents,
      denoise(scaled, timestep) {
        throwIfAborted(options.signal);
        return options.denoise(scaled, timestep);
      },
      noise: options.noise,
      async onCall(latents) {
        await options.onStep?.({ index, of: timesteps.length, latents });
        index += 1;
      },
    });
  }

  return {
    sampler: canonicalName(className, config),
    warnings,
    initialNoiseSigma: schedule.initialNoiseSigma,
    timesteps,
    denoiserCalls: timesteps.length,
    addNoise: (latents, noise) => weightedSum([imageShare, latents], [noiseShare, noise]),
    run,
  };
}
