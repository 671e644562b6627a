import { EaselError } from '@easel/plugin-sdk';
import { chooseSampler } from './choose.js';
import { limitDenoised } from './parameterization/limit-denoised.js';
import type { NoiseLevel } from './parameterization/noise-level.js';
import type { SamplerKnobs } from './samplers/sampler.js';
import type { SamplerRow } from './samplers/sampler-row.js';
import { buildSchedule, type RunSchedule, startSchedule } from './schedules/build-schedule.js';
import type { Schedule, ScheduleRequest } from './schedules/schedule.js';
import { weightedSum } from './weighted-sum.js';

export interface SamplingRequest extends ScheduleRequest {
  /** The parsed content of the model's `scheduler_config.json`; see `readSchedulerConfig`. */
  readonly schedulerConfig: unknown;
  /**
   * A diffusers class name or a usual one such as `dpmpp_2m_karras`; absent means the model's own sampler.
   */
  readonly sampler?: string | undefined;
  /** How much of the schedule is run on top of an image, over 0 to 1; absent means all of it, from noise. */
  readonly strength?: number | undefined;
  readonly knobs?: SamplerKnobs | undefined;
  /** The samplers that there are. Absent: those of the list in `samplers/`. */
  readonly samplers?: readonly SamplerRow[] | undefined;
}

/** A network call that has been made. */
export interface SamplingStep {
  readonly index: number;
  readonly of: number;
  /** Where the sampler is now. */
  readonly latents: Float32Array;
  /** What the network took the image without noise for, in the same shape. */
  readonly denoised: Float32Array;
}

export interface SamplingRunOptions {
  /**
   * Start: unit noise times `initialNoiseSigma`, or what `addNoise` gives. A batch is its images one after
   * the other.
   */
  readonly latents: Float32Array;
  /** How many images the array holds; absent means one. */
  readonly imageCount?: number | undefined;
  /** The network: scaled latents and a timestep to its output, in the shape of the latents. */
  denoise(scaledLatents: Float32Array, timestep: number): Promise<Float32Array>;
  /** `count` numbers of the standard normal distribution, for the samplers that draw noise as they go. */
  noise(count: number): Float32Array;
  /** Called after each network call; the arrays must not be changed. */
  onStep?(step: SamplingStep): void | Promise<void>;
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
  /** Of each network call the step that makes it, counted from 0. */
  readonly stepsOfCalls: readonly number[];
  /** Timesteps that the model was trained on. */
  readonly trainedTimesteps: number;
  /**
   * Latents without noise, with as much unit noise mixed in as there is when a network call begins:
   * `add_noise` of the diffusers class, which within a step goes by the level that the step leads to.
   * @param call absent means the first
   */
  addNoise(latents: Float32Array, noise: Float32Array, call?: number): Float32Array;
  /** @throws EaselError ERR_ABORTED once `signal` is aborted. */
  run(options: SamplingRunOptions): Promise<Float32Array>;
}

/**
 * How many steps are left out when sampling starts from an image: diffusers' `get_timesteps`, which refuses a
 * strength of less than a step. Here one step is made then, as in AUTOMATIC1111.
 */
function skippedSteps(
  { strength, timesteps, sigmas, steps: all }: SamplingRequest,
  { levels }: Schedule,
  countsBrokenSteps: boolean,
): number {
  if (strength === undefined) return 0;
  if (!(strength > 0 && strength <= 1)) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `strength is ${strength}, not within 0 .. 1`,
    });
  }
  const steps = timesteps || sigmas ? levels.length - 1 : all;
  const asked = countsBrokenSteps ? Math.ceil(steps * strength) : Math.trunc(steps * strength);
  const run = Math.min(Math.max(asked, 1), steps);
  if (steps - run < levels.length - 1) return steps - run;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${steps} steps at strength ${strength} leave nothing to do`,
    hint: `Ask for ${Math.ceil(1 / strength)} steps or more, or for a higher strength.`,
  });
}

/** A sentence where an image's strength asks for less than the one step that is made. */
function shortRunWarnings({ strength, steps }: SamplingRequest): string[] {
  if (strength === undefined || strength * steps >= 1) return [];
  return [
    `Strength ${strength} of ${steps} steps is less than a step: one step was made. With ${Math.ceil(1 / strength)} steps it is one.`,
  ];
}

/** A network call: its timestep, and the level of the latents as `addNoise` goes by it. */
interface Call {
  readonly step: number;
  readonly timestep: number;
  readonly level: NoiseLevel;
}

/** Every network call from a step on; none is made where the levels go up. */
function callsOf({ schedule: { levels, laterCalls }, begin }: RunSchedule): Call[] {
  return levels.slice(begin, -1).flatMap((from, step) => {
    const to = levels[begin + step + 1]!;
    if (to.sigma > from.sigma) return [];
    const later = laterCalls[begin + step]!.map((level) => {
      const isWithin = level.sigma < from.sigma && level.sigma > to.sigma;
      return { step, timestep: level.timestep, level: isWithin ? to : level };
    });
    return [{ step, timestep: from.timestep, level: from }, ...later];
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new EaselError({ code: 'ERR_ABORTED', message: 'sampling was cancelled', cause: signal.reason });
}

/**
 * Plans the way from noise to image: which sampler, at which timesteps, from how much noise.
 * @throws EaselError ERR_REQUEST_INVALID for what the caller asked; ERR_MODEL_FILES_INVALID for what the
 * model's file says.
 */
export function planSampling(request: SamplingRequest): SamplingPlan {
  const chosen = chooseSampler(request.schedulerConfig, request.sampler, request);
  const { row, sample, scheduler, config } = chosen;
  const parameterization = scheduler.parameterize(config);
  const whole = buildSchedule(chosen, parameterization, request);
  const skipped = skippedSteps(request, whole, scheduler.countsBrokenSteps ?? false);
  const started = startSchedule(whole, skipped, row);
  const { schedule, begin } = started;
  const calls = callsOf(started);
  const timesteps = calls.map(({ timestep }) => timestep);

  async function run({
    imageCount = 1,
    signal,
    noise,
    ...options
  }: SamplingRunOptions): Promise<Float32Array> {
    let index = 0;
    let denoised = options.latents;
    return sample({
      schedule,
      begin,
      options: config,
      knobs: request.knobs ?? {},
      latents: options.latents,
      async denoise(latents, level) {
        throwIfAborted(signal);
        const output = await options.denoise(parameterization.scaleInput(latents, level), level.timestep);
        denoised = parameterization.denoised(latents, output, level);
        return denoised;
      },
      limit: (image) => limitDenoised(config, image, imageCount),
      prediction: parameterization,
      noise,
      async onCall(latents) {
        await options.onStep?.({ index, of: timesteps.length, latents, denoised });
        index += 1;
      },
    });
  }

  return {
    sampler: chosen.name,
    warnings: [...chosen.warnings, ...shortRunWarnings(request)],
    initialNoiseSigma: schedule.initialNoiseSigma,
    timesteps,
    denoiserCalls: timesteps.length,
    stepsOfCalls: calls.map(({ step }) => step),
    trainedTimesteps: config.num_train_timesteps,
    addNoise(latents, noise, call = 0) {
      const { alpha, sigma } = calls[call]?.level ?? schedule.levels.at(-1)!;
      return weightedSum([alpha, latents], [sigma, noise]);
    },
    run,
  };
}
