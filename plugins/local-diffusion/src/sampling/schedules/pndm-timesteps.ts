import { EaselError } from '@easel/plugin-sdk';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { ScheduleRequest } from './schedule.js';
import { spacedTimesteps } from './spaced-timesteps.js';

/**
 * How many of PNDM's calls belong to its Runge-Kutta start, where that is not skipped: three steps of four.
 */
export const rungeKuttaCalls = 12;

/**
 * A timestep a call: PNDM repeats its second one, or starts with three Runge-Kutta steps (Liu et al. 2022,
 * arXiv 2202.09778).
 */
export function pndmTimesteps(config: SchedulerConfig, { steps }: ScheduleRequest): number[] {
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
