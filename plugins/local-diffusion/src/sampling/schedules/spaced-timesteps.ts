import { EaselError } from '@easel/plugin-sdk';
import { roundHalfToEven } from '../rounding.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspace } from './linspace.js';

/** `numpy.arange(start, 0, -step)`, whose length and drift decide the last timestep of trailing spacing. */
function countDown(start: number, step: number): number[] {
  const delta = start - step - start;
  return Array.from({ length: Math.ceil(start / step) }, (_, i) => start + i * delta);
}

/**
 * How a class counts: `whole` numbers for the discrete samplers, `real` ones for those that interpolate
 * sigmas.
 */
export type TimestepCounting = 'whole' | 'real';

/** Timesteps from noise to image, `steps` of them, for the samplers that end on the last one themselves. */
export function spacedTimesteps(
  config: SchedulerConfig,
  steps: number,
  counting: TimestepCounting,
): number[] {
  const trained = config.num_train_timesteps;
  switch (config.timestep_spacing) {
    case 'linspace': {
      const even = linspace(0, trained - 1, steps).reverse();
      return counting === 'whole' ? even.map(roundHalfToEven) : even.map(Math.fround);
    }
    case 'leading': {
      const ratio = Math.floor(trained / steps);
      return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * ratio + config.steps_offset);
    }
    case 'trailing':
      return countDown(trained, trained / steps).map((t) => roundHalfToEven(t) - 1);
  }
}

/**
 * Timesteps of the solvers in lambda (DPM-Solver, DEIS, UniPC): spaced as for one step more, whose last one
 * is dropped.
 * @param last how many of the training timesteps are used; less than all of them where `lambda_min_clipped`
 * cuts.
 * @throws EaselError ERR_REQUEST_INVALID for so many steps that two have the same noise: the solvers divide
 * by the difference
 */
export function solverTimesteps(config: SchedulerConfig, steps: number, last: number): number[] {
  const timesteps = spacedForSolver(config, steps, last).map((t) =>
    Math.min(t, config.num_train_timesteps - 1),
  );
  if (timesteps.every((t, index) => index === 0 || t < (timesteps[index - 1] as number))) return timesteps;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'steps',
    message: `steps: ${steps} are more than this sampler can take: two of them would have the same noise.`,
    hint: 'Ask for fewer steps, or for another sampler, such as euler.',
  });
}

function spacedForSolver(config: SchedulerConfig, steps: number, last: number): number[] {
  switch (config.timestep_spacing) {
    case 'linspace':
      return linspace(0, last - 1, steps + 1)
        .map(roundHalfToEven)
        .reverse()
        .slice(0, -1);
    case 'leading': {
      const ratio = Math.floor(last / (steps + 1));
      return Array.from({ length: steps }, (_, i) => (steps - i) * ratio + config.steps_offset);
    }
    case 'trailing':
      return countDown(last, config.num_train_timesteps / steps).map((t) => roundHalfToEven(t) - 1);
  }
}
