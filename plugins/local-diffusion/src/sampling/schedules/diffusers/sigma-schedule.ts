import { roundHalfToEven } from '../../rounding.js';
import { linspaceFloat32 } from '../linspace.js';
import type { Schedule, ScheduleContext } from '../schedule.js';
import { spaceSigmas } from '../sigma-schedules.js';
import { createSigmaTable, type SigmaTable } from '../sigma-table.js';
import { spacedTimesteps } from '../spaced-timesteps.js';
import { alphasCumprod } from '../training-betas.js';

/** What differs between the classes. */
export interface SigmaScheduleRules {
  /** The schedules in sigma, by name, whose timesteps are rounded. Absent: none. */
  readonly roundedSchedules?: readonly string[];
}

interface Steps {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** Sigmas of spaced timesteps; `log_linear` spaces them over the whole table instead. */
function spacedSteps({ config, request }: ScheduleContext, table: SigmaTable): Steps {
  const timesteps = request.timesteps ?? spacedTimesteps(config, request.steps, 'real');
  if (config.interpolation_type === 'linear') return { timesteps, sigmas: timesteps.map(table.sigmaAt) };
  const logSigmas = linspaceFloat32(Math.log(table.max), Math.log(table.min), timesteps.length + 1);
  return { timesteps, sigmas: [...logSigmas.map(Math.exp)] };
}

/**
 * Replaces spaced timesteps by a schedule in sigma between the same ends, with the timesteps that belong to
 * it.
 */
function respaced(
  context: ScheduleContext,
  plain: Steps,
  table: SigmaTable,
  rules: SigmaScheduleRules,
): Steps {
  const { sigmaSchedule, config, request } = context;
  if (!sigmaSchedule) return plain;
  const { alignedSigmas } = request;
  const limits = { min: plain.sigmas.at(-1)!, max: plain.sigmas[0]!, table, alignedSigmas };
  const sigmas = spaceSigmas(sigmaSchedule, config, limits, plain.timesteps.length);
  const timesteps = sigmas.map(table.timestepOf);
  const isRounded = rules.roundedSchedules?.includes(sigmaSchedule.name);
  return { sigmas, timesteps: isRounded ? timesteps.map(roundHalfToEven) : timesteps };
}

function stepsOf(context: ScheduleContext, table: SigmaTable, rules: SigmaScheduleRules): Steps {
  const given = context.request.sigmas;
  if (given)
    return { sigmas: given, timesteps: given.slice(0, -1).map((s) => table.timestepOf(Math.fround(s))) };
  const steps = respaced(context, spacedSteps(context, table), table, rules);
  const last = context.config.final_sigmas_type === 'sigma_min' ? table.min : 0;
  return { timesteps: steps.timesteps, sigmas: [...steps.sigmas, last] };
}

/**
 * The schedule of k-diffusion's samplers, which scale their input by sigma: Euler, LMS, Heun, DPM2 and their
 * ancestral forms.
 */
export function sigmaSchedule(
  context: ScheduleContext,
  rules: SigmaScheduleRules = {},
): Omit<Schedule, 'laterCalls'> {
  const { config, request, mix } = context;
  const table = createSigmaTable(alphasCumprod(config, true));
  const steps = stepsOf(context, table, rules);
  const sigmas = steps.sigmas.map(Math.fround);
  const isTold = config.timestep_type === 'continuous' && config.prediction_type === 'v_prediction';
  const timesteps = isTold ? sigmas.slice(0, -1).map((sigma) => 0.25 * Math.log(sigma)) : steps.timesteps;
  const largest = Math.max(...sigmas);
  return {
    // `log_linear` has a sigma too many: it never arrives at the last one.
    levels: sigmas
      .slice(0, timesteps.length + 1)
      .map((sigma, i) => ({ timestep: Math.fround(timesteps[i] ?? 0), ...mix(sigma) })),
    initialNoiseSigma: config.timestep_spacing === 'leading' ? Math.sqrt(largest ** 2 + 1) : largest,
    stride: Math.floor(config.num_train_timesteps / request.steps),
    levelAt: (timestep) => ({ timestep, ...mix(table.sigmaAt(timestep)) }),
    levelOf: (sigma) => ({ timestep: Math.fround(table.timestepOf(sigma)), ...mix(sigma) }),
    sigmaAfter: (share) => table.spacedSigmaAt((1 - share) * (config.num_train_timesteps - 1)),
  };
}
