import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspaceFloat32 } from './linspace.js';
import type { Schedule } from './schedule.js';
import { karrasSigmas } from './sigmas.js';

/** The schedule of EDM models, which are told log(sigma) / 4 instead of a timestep: Karras et al. 2022, table 1. */
export function edmSchedule(config: SchedulerConfig, steps: number): Schedule {
  const min = config.sigma_min ?? 0.002;
  const max = config.sigma_max ?? 80;
  const levels =
    config.sigma_schedule === 'karras'
      ? karrasSigmas(min, max, steps, config.rho)
      : [...linspaceFloat32(Math.log(min), Math.log(max), steps)].map(Math.exp).reverse();
  const sigmas = levels.map(Math.fround);
  const last = config.final_sigmas_type === 'sigma_min' ? sigmas.at(-1)! : 0;
  return {
    timesteps: sigmas.map((sigma) => Math.fround(0.25 * Math.log(sigma))),
    sigmas: Float32Array.from([...sigmas, last]),
    alphasCumprod: new Float32Array(0),
    finalAlphaCumprod: 1,
    initialNoiseSigma: Math.sqrt(max ** 2 + 1),
    callsPerStep: 1,
  };
}
