import { EaselError } from '@easel/plugin-sdk';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { ScheduleRequest } from './schedule.js';

/**
 * Timesteps of consistency models: a subset of the ones that the model was distilled on, which are spaced
 * evenly. LCM, and TCD where its configuration says how many there are.
 * @throws EaselError ERR_REQUEST_INVALID if there are fewer of those than steps
 */
export function distilledTimesteps(config: SchedulerConfig, request: ScheduleRequest): number[] {
  const trained = config.num_train_timesteps;
  const original = request.originalSteps ?? config.original_inference_steps;
  if (original > trained) {
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `original_inference_steps is ${original}, more than num_train_timesteps ${trained}`,
    });
  }
  const stride = Math.floor(trained / original);
  const count = Math.trunc(original * (request.originalShare ?? 1));
  const all = Array.from({ length: count }, (_, i) => (i + 1) * stride - 1);
  return evenSubset(all, request.steps);
}

/**
 * TCD's: from all timesteps of the training where the request says how many the model was distilled on, as
 * diffusers does.
 */
export function trajectoryTimesteps(config: SchedulerConfig, request: ScheduleRequest): number[] {
  if (request.originalSteps === undefined) return distilledTimesteps(config, request);
  const count = Math.trunc(config.num_train_timesteps * (request.originalShare ?? 1));
  return evenSubset(
    Array.from({ length: count }, (_, i) => i),
    request.steps,
  );
}

/** `steps` of the timesteps, descending. */
function evenSubset(ascending: readonly number[], steps: number): number[] {
  if (ascending.length < steps) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `${steps} steps were asked for, and this sampler has ${ascending.length} at most`,
    });
  }
  const stride = ascending.length / steps;
  return Array.from({ length: steps }, (_, i) => ascending.at(-1 - Math.floor(i * stride))!);
}
