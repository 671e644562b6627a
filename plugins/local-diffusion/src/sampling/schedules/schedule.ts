import { EaselError } from '@easel/plugin-sdk';
import type { SchedulerClassName } from '../scheduler-config/classes.js';
import { schedulerClasses } from '../scheduler-config/classes.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { discreteSchedule } from './discrete-schedule.js';
import { edmSchedule } from './edm-schedule.js';
import { sigmaSchedule } from './sigma-schedule.js';
import { solverSchedule } from './solver-schedule.js';

/** When the network is called, and how much noise there is at each call. */
export interface Schedule {
  /** The timestep of each network call, from noise to image. */
  readonly timesteps: readonly number[];
  /**
   * The noise level of each step and, at the end, the one that is left in the result. Samplers with two calls a step have one
   * entry a step. Empty for samplers that go by alphaCumprod.
   */
  readonly sigmas: Float32Array;
  /** alphaCumprod of every training timestep, in 0 .. 1. Empty for EDM models. */
  readonly alphasCumprod: Float32Array;
  /** What stands for alphaCumprod before the first training timestep. */
  readonly finalAlphaCumprod: number;
  /** What unit noise is multiplied by to start from. */
  readonly initialNoiseSigma: number;
  /** Network calls a step: 2 for Heun and DPM2. */
  readonly callsPerStep: 1 | 2;
}

/** What a schedule is asked for. */
export interface ScheduleRequest {
  readonly steps: number;
  /** Timesteps to use instead of spaced ones, descending; not every sampler takes them. */
  readonly timesteps?: readonly number[] | undefined;
  /** Sigmas to use instead of spaced ones, descending, the final one included; only Euler takes them. */
  readonly sigmas?: readonly number[] | undefined;
  /** How many timesteps a consistency model was distilled on; absent means what its configuration says. */
  readonly originalSteps?: number | undefined;
  /** The share of the distilled timesteps that a consistency model may use, 0 .. 1; absent means all. */
  readonly originalShare?: number | undefined;
}

const takesTimesteps = new Set<SchedulerClassName>([
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'DDPMScheduler',
  'LCMScheduler',
  'TCDScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
]);

function refuse(message: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', message });
}

function check(className: SchedulerClassName, config: SchedulerConfig, request: ScheduleRequest): void {
  const { steps, timesteps, sigmas } = request;
  if (!Number.isInteger(steps) || steps < 1)
    refuse(`steps is ${steps}; it has to be a whole number from 1 on`);
  if (steps > config.num_train_timesteps) {
    refuse(`steps is ${steps}; the model knows ${config.num_train_timesteps} timesteps`);
  }
  if (sigmas && className !== 'EulerDiscreteScheduler')
    refuse('sigmas can be given to the Euler sampler only');
  if (timesteps && !takesTimesteps.has(className)) refuse(`${className} takes no timesteps of one's own`);
  if (timesteps && (config.use_karras_sigmas || config.use_exponential_sigmas || config.use_beta_sigmas)) {
    refuse('timesteps cannot be given together with karras, exponential or beta sigmas');
  }
  const given = timesteps ?? sigmas;
  if (given && (given.length === 0 || given.some((value, i) => i > 0 && value >= given[i - 1]!))) {
    refuse('timesteps and sigmas have to descend, and there has to be one at least');
  }
  if (timesteps?.some((t) => t < 0 || t >= config.num_train_timesteps)) {
    refuse(`timesteps have to lie from 0 to ${config.num_train_timesteps - 1}`);
  }
}

/**
 * The schedule of a diffusers class for a number of steps (its `set_timesteps`).
 * @throws EaselError ERR_REQUEST_INVALID if the class cannot take what is asked for.
 */
export function buildSchedule(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): Schedule {
  check(className, config, request);
  switch (schedulerClasses[className].noiseScale) {
    case 'alpha-cumprod':
      return discreteSchedule(className, config, request);
    case 'sigma':
      return sigmaSchedule(className, config, request);
    case 'alpha-sigma':
      return solverSchedule(className, config, request);
    case 'edm':
      return edmSchedule(config, request.steps);
  }
}
