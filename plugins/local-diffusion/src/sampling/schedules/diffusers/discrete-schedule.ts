import type { SchedulerConfig } from '../../scheduler-config/scheduler-config.js';
import type { Schedule, ScheduleContext, ScheduleRequest } from '../schedule.js';
import { createSigmaTable } from '../sigma-table.js';
import { spacedTimesteps } from '../spaced-timesteps.js';
import { alphasCumprod } from '../training-betas.js';

/** What differs between the classes. */
export interface DiscreteScheduleRules {
  /** Whole timesteps, descending, one a network call. Absent: spaced as the configuration says. */
  timesteps?(config: SchedulerConfig, request: ScheduleRequest): readonly number[];
}

/** The schedule of the samplers that go by alphaCumprod of whole timesteps: DDIM, DDPM, PNDM, LCM, TCD. */
export function discreteSchedule(
  { config, request, mix }: ScheduleContext,
  rules: DiscreteScheduleRules = {},
): Omit<Schedule, 'laterCalls'> {
  const alphas = alphasCumprod(config, false);
  const table = createSigmaTable(alphas);
  const level = (timestep: number, alphaCumprod: number) => ({
    timestep,
    alpha: Math.sqrt(alphaCumprod),
    sigma: Math.sqrt(1 - alphaCumprod),
  });
  const last = level(0, config.set_alpha_to_one ? 1 : alphas[0]!);
  const levelAt = (timestep: number) =>
    timestep < 0 ? { ...last, timestep } : level(timestep, alphas[timestep] ?? alphas.at(-1)!);
  const timesteps =
    request.timesteps ??
    rules.timesteps?.(config, request) ??
    spacedTimesteps(config, request.steps, 'whole');
  return {
    levels: [...timesteps.map(levelAt), last],
    initialNoiseSigma: 1,
    stride: Math.floor(config.num_train_timesteps / (request.timesteps?.length ?? request.steps)),
    levelAt,
    levelOf: (sigma) => ({ timestep: table.timestepOf(sigma), ...mix(sigma) }),
    sigmaAfter: (share) => table.spacedSigmaAt((1 - share) * (config.num_train_timesteps - 1)),
  };
}
