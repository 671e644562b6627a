import { EaselError } from '@easel/plugin-sdk';
import type { SchedulerClassName } from '../scheduler-config/classes.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { Schedule, ScheduleRequest } from './schedule.js';
import { distilledTimesteps, spacedTimesteps } from './timesteps.js';
import { alphasCumprod } from './training-betas.js';

/** How many of PNDM's calls belong to its Runge-Kutta start, where that is not skipped. */
export const rungeKuttaCalls = 12;

/** PNDM repeats its second timestep, or starts with three Runge-Kutta steps of four calls: arXiv 2202.09778. */
function pndmTimesteps(config: SchedulerConfig, steps: number): number[] {
  const descending = spacedTimesteps(config, steps, 'whole');
  if (config.skip_prk_steps) return [...descending.slice(0, 2), ...descending.slice(1)];
  if (descending.length < 4) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `PNDM with its Runge-Kutta start needs 4 steps or more, not ${steps}`,
    });
  }
  const half = Math.floor(Math.floor(config.num_train_timesteps / steps) / 2);
  const halves = descending.slice(0, 4).flatMap((t) => [t + half, t]);
  const rungeKutta = halves.slice(1).flatMap((t) => [t, t]);
  return [...rungeKutta.slice(1, -1), ...descending.slice(3)];
}

function originalTimesteps(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): number[] {
  const share = request.originalShare ?? 1;
  const trained = config.num_train_timesteps;
  if (className === 'TCDScheduler' && request.originalSteps !== undefined) {
    return Array.from({ length: Math.trunc(trained * share) }, (_, i) => i);
  }
  const original = request.originalSteps ?? config.original_inference_steps;
  if (original > trained) {
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `original_inference_steps is ${original}, more than num_train_timesteps ${trained}`,
    });
  }
  const stride = Math.floor(trained / original);
  return Array.from({ length: Math.trunc(original * share) }, (_, i) => (i + 1) * stride - 1);
}

function timestepsOf(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): readonly number[] {
  if (request.timesteps) return request.timesteps;
  switch (className) {
    case 'PNDMScheduler':
      return pndmTimesteps(config, request.steps);
    case 'LCMScheduler':
    case 'TCDScheduler':
      return distilledTimesteps(originalTimesteps(className, config, request), request.steps);
    default:
      return spacedTimesteps(config, request.steps, 'whole');
  }
}

/** The schedule of the samplers that go by alphaCumprod of whole timesteps: DDIM, DDPM, PNDM, LCM, TCD. */
export function discreteSchedule(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): Schedule {
  const alphas = alphasCumprod(config, false);
  return {
    timesteps: timestepsOf(className, config, request),
    sigmas: new Float32Array(0),
    alphasCumprod: alphas,
    finalAlphaCumprod: config.set_alpha_to_one ? 1 : alphas[0]!,
    initialNoiseSigma: 1,
    callsPerStep: 1,
  };
}
