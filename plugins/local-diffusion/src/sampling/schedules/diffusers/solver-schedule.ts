import { roundHalfToEven } from '../../rounding.js';
import type { SchedulerConfig } from '../../scheduler-config/scheduler-config.js';
import type { Schedule, ScheduleContext } from '../schedule.js';
import { spaceSigmas } from '../sigma-schedules.js';
import { createSigmaTable, type SigmaTable } from '../sigma-table.js';
import { solverTimesteps } from '../spaced-timesteps.js';
import { alphasCumprod } from '../training-betas.js';

/** What differs between the classes. */
export interface SolverScheduleRules {
  /** The times of rectified flow, 1 to 0, from noise on. */
  flowTimes(config: SchedulerConfig, steps: number): readonly number[];
  /** Whether Karras sigmas of a flow are turned into its times: sigma / (sigma + 1). */
  readonly turnsKarrasIntoTimes: boolean;
  /**
   * Whether timesteps of a cosine schedule (`squaredcos_cap_v2`) are left as they are where others are
   * rounded.
   */
  readonly keepsCosineTimesteps: boolean;
  /**
   * What `sigma_min` ends at: the model's smallest sigma, or the last step's where sigmas are not spaced by
   * timesteps.
   */
  readonly endsAt: 'smallest sigma' | 'last sigma';
}

interface Steps {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** The schedules in sigma whose timesteps are whole. */
const roundedSchedules: readonly string[] = ['karras', 'lu'];

/**
 * How many training timesteps stay in use when those with log(alpha / sigma) below `lambda_min_clipped` are
 * cut off.
 */
function usedTimesteps(config: SchedulerConfig, alphas: Float32Array): number {
  const clipped = alphas.filter((alpha) => {
    const lambda = Math.log(Math.sqrt(alpha)) - Math.log(Math.sqrt(Math.fround(1 - alpha)));
    return lambda < config.lambda_min_clipped;
  });
  return alphas.length - clipped.length;
}

function stepsOf(
  { config, sigmaSchedule, request }: ScheduleContext,
  plain: readonly number[],
  table: SigmaTable,
  rules: SolverScheduleRules,
): Steps {
  const atTimes = (times: readonly number[]) => ({
    sigmas: times,
    timesteps: times.map((time) => time * config.num_train_timesteps),
  });
  if (!sigmaSchedule) {
    if (config.use_flow_sigmas) return atTimes(rules.flowTimes(config, plain.length));
    return { timesteps: plain, sigmas: plain.map(table.sigmaAt) };
  }
  const limits = { min: table.min, max: table.max, table, alignedSigmas: request.alignedSigmas };
  const sigmas = spaceSigmas(sigmaSchedule, config, limits, plain.length);
  if (config.use_flow_sigmas && rules.turnsKarrasIntoTimes && sigmaSchedule.name === 'karras') {
    return atTimes(sigmas.map((sigma) => sigma / (sigma + 1)));
  }
  const timesteps = sigmas.map(table.timestepOf);
  const isRounded =
    roundedSchedules.includes(sigmaSchedule.name) &&
    !(rules.keepsCosineTimesteps && config.beta_schedule === 'squaredcos_cap_v2');
  return { sigmas, timesteps: isRounded ? timesteps.map(roundHalfToEven) : timesteps };
}

/** The noise that is left at the end. */
function lastSigma(
  { config, sigmaSchedule }: ScheduleContext,
  sigmas: readonly number[],
  table: SigmaTable,
  rules: SolverScheduleRules,
): number {
  if (config.final_sigmas_type === 'zero') return 0;
  const isByTimestep = !sigmaSchedule && !config.use_flow_sigmas;
  return rules.endsAt === 'smallest sigma' || isByTimestep ? table.min : sigmas.at(-1)!;
}

/** The schedule of the exponential integrators, which work in log(alpha / sigma): DPM-Solver, DEIS, UniPC. */
export function solverSchedule(
  context: ScheduleContext,
  rules: SolverScheduleRules,
): Omit<Schedule, 'laterCalls'> {
  const { config, request, mix } = context;
  const alphas = alphasCumprod(config, true);
  const table = createSigmaTable(alphas);
  const plain =
    request.timesteps?.map(Math.trunc) ??
    solverTimesteps(config, request.steps, usedTimesteps(config, alphas));
  const { timesteps, sigmas } = stepsOf(context, plain, table, rules);
  return {
    levels: [...sigmas, lastSigma(context, sigmas, table, rules)].map((sigma, i) => ({
      timestep: Math.trunc(timesteps[i] ?? 0),
      ...mix(Math.fround(sigma)),
    })),
    initialNoiseSigma: 1,
    stride: Math.floor(config.num_train_timesteps / request.steps),
    levelAt: (timestep) => ({ timestep, ...mix(table.sigmaAt(timestep)) }),
    levelOf: (sigma) => ({ timestep: table.timestepOf(sigma), ...mix(sigma) }),
    sigmaAfter: (share) => table.spacedSigmaAt((1 - share) * (config.num_train_timesteps - 1)),
  };
}
