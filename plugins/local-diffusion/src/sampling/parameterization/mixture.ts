import type { ChosenSampler } from '../choose.js';
import { solverLevel } from '../samplers/solver-level.js';
import { schedulerClasses } from '../scheduler-config/classes.js';
import type { Schedule } from '../schedules/schedule.js';

/**
 * How much of the image and of the noise the latents hold when a call of the schedule begins: `add_noise` of the sampler's diffusers
 * class. Between the two calls of a step diffusers goes by the level that the step leads to.
 */
export function mixtureAt(
  { className, config }: Pick<ChosenSampler, 'className' | 'config'>,
  { alphasCumprod, timesteps, sigmas, callsPerStep }: Schedule,
  call: number,
): readonly [image: number, noise: number] {
  const { noiseScale } = schedulerClasses[className];
  if (noiseScale === 'alpha-cumprod') {
    const alphaCumprod = alphasCumprod[timesteps[call]!]!;
    return [Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod)];
  }
  const sigma = sigmas[Math.ceil(call / callsPerStep)]!;
  if (noiseScale !== 'alpha-sigma') return [1, sigma];
  const level = solverLevel(config, sigma);
  return [level.alpha, level.sigma];
}
