import { karrasSigmas } from '../karras.js';
import { linspaceFloat32 } from '../linspace.js';
import type { Schedule, ScheduleContext } from '../schedule.js';

/**
 * The schedule of EDM models, which are told log(sigma) / 4 instead of a timestep: Karras et al. 2022, arXiv
 * 2206.00364, table 1.
 */
export function edmSchedule({
  config,
  request,
  mix,
  sigmaSchedule,
}: ScheduleContext): Omit<Schedule, 'laterCalls'> {
  const min = config.sigma_min ?? 0.002;
  const max = config.sigma_max ?? 80;
  const timestepOf = (sigma: number) => 0.25 * Math.log(sigma);
  const sigmaAt = (timestep: number) => Math.exp(4 * timestep);
  const ownSigmas = () =>
    config.sigma_schedule === 'karras'
      ? karrasSigmas({ min, max }, request.steps, config.rho)
      : [...linspaceFloat32(Math.log(min), Math.log(max), request.steps)].map(Math.exp).reverse();
  const trained = linspaceFloat32(Math.log(min), Math.log(max), config.num_train_timesteps).map(Math.exp);
  const table = { min, max, timestepOf, sigmaAt, sigmas: trained, spacedSigmaAt: sigmaAt };
  const sigmas =
    sigmaSchedule?.sigmas({ min, max, table, alignedSigmas: request.alignedSigmas }, request.steps) ??
    ownSigmas();
  const levelOf = (sigma: number) => ({ timestep: Math.fround(timestepOf(sigma)), ...mix(sigma) });
  const levels = sigmas.map((sigma) => levelOf(Math.fround(sigma)));
  const last = config.final_sigmas_type === 'sigma_min' ? levels.at(-1)!.sigma : 0;
  return {
    levels: [...levels, levelOf(last)],
    initialNoiseSigma: Math.sqrt(max ** 2 + 1),
    stride: Math.floor(config.num_train_timesteps / request.steps),
    levelAt: (timestep) => levelOf(sigmaAt(timestep)),
    levelOf,
    sigmaAfter: (share) => max ** (1 - share) * min ** share,
  };
}
