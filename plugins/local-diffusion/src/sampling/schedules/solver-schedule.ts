import { EaselError } from '@easel/plugin-sdk';
import { roundHalfToEven } from '../rounding.js';
import type { SchedulerClassName } from '../scheduler-config/classes.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspace } from './linspace.js';
import type { Schedule, ScheduleRequest } from './schedule.js';
import { interpolateSigma, sigmaSpacing, sigmaTable, spaceSigmas, timestepOfSigma } from './sigmas.js';
import { solverTimesteps } from './timesteps.js';
import { alphasCumprod } from './training-betas.js';

interface Levels {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** How many training timesteps stay in use when those with log(alpha / sigma) below `lambda_min_clipped` are cut off. */
function usedTimesteps(config: SchedulerConfig, alphas: Float32Array): number {
  const clipped = alphas.filter((alpha) => {
    const lambda = Math.log(Math.sqrt(alpha)) - Math.log(Math.sqrt(Math.fround(1 - alpha)));
    return lambda < config.lambda_min_clipped;
  });
  return alphas.length - clipped.length;
}

function plainTimesteps(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
  alphas: Float32Array,
): readonly number[] {
  if (request.timesteps) return request.timesteps.map(Math.trunc);
  const last = usedTimesteps(config, alphas);
  // The singlestep class knows no other spacing.
  const spaced =
    className === 'DPMSolverSinglestepScheduler'
      ? { ...config, timestep_spacing: 'linspace' as const }
      : config;
  return solverTimesteps(spaced, request.steps, last);
}

/** Sigmas of rectified flow, shifted towards noise by `flow_shift`. */
function flowLevels(className: SchedulerClassName, config: SchedulerConfig, steps: number): Levels {
  const trained = config.num_train_timesteps;
  const shift = (sigma: number) => (config.flow_shift * sigma) / (1 + (config.flow_shift - 1) * sigma);
  if (className !== 'UniPCMultistepScheduler') {
    const sigmas = linspace(1, 1 / trained, steps + 1)
      .map((alpha) => shift(1 - alpha))
      .reverse()
      .slice(0, -1);
    return { sigmas, timesteps: sigmas.map((sigma) => sigma * trained) };
  }
  let sigmas = linspace(1, 1 / trained, steps + 1)
    .slice(0, -1)
    .map(shift);
  if (config.shift_terminal) {
    const factor = (1 - sigmas.at(-1)!) / (1 - config.shift_terminal);
    sigmas = sigmas.map((sigma) => 1 - (1 - sigma) / factor);
  }
  // At sigma 1 there is no image left and log(alpha) has no value.
  if (Math.abs(sigmas[0]! - 1) < 1e-6) sigmas[0]! -= 1e-6;
  return { sigmas, timesteps: sigmas.map((sigma) => sigma * trained) };
}

function levelsOf(
  className: SchedulerClassName,
  config: SchedulerConfig,
  table: Float32Array,
  plain: readonly number[],
): Levels {
  const steps = plain.length;
  const logSigmas = table.map(Math.log);
  const limits = { min: table[0]!, max: table.at(-1)! };
  const spacing = sigmaSpacing(config);
  const rounded = (sigmas: readonly number[]) => {
    const timesteps = sigmas.map((sigma) => timestepOfSigma(sigma, logSigmas));
    const keep = className === 'DPMSolverMultistepScheduler' && config.beta_schedule === 'squaredcos_cap_v2';
    return { sigmas, timesteps: keep ? timesteps : timesteps.map(roundHalfToEven) };
  };
  if (spacing === 'karras') {
    const sigmas = spaceSigmas(config, spacing, limits, steps);
    if (!config.use_flow_sigmas || className !== 'UniPCMultistepScheduler') return rounded(sigmas);
    const flow = sigmas.map((sigma) => sigma / (sigma + 1));
    return { sigmas: flow, timesteps: flow.map((sigma) => sigma * config.num_train_timesteps) };
  }
  if (config.use_lu_lambdas) {
    return rounded(linspace(logSigmas.at(-1)!, logSigmas[0]!, steps).map(Math.exp));
  }
  if (spacing) {
    const sigmas = spaceSigmas(config, spacing, limits, steps);
    return { sigmas, timesteps: sigmas.map((sigma) => timestepOfSigma(sigma, logSigmas)) };
  }
  if (config.use_flow_sigmas) return flowLevels(className, config, steps);
  return { timesteps: plain, sigmas: plain.map((t) => interpolateSigma(table, t)) };
}

/** The noise level that is left at the end; each class has its own rule where it is not zero. */
function finalSigma(
  className: SchedulerClassName,
  config: SchedulerConfig,
  table: Float32Array,
  levels: Levels,
): number {
  const spaced = sigmaSpacing(config) !== undefined || config.use_flow_sigmas;
  const own = spaced ? levels.sigmas.at(-1)! : table[0]!;
  if (className === 'DEISMultistepScheduler') return own;
  if (config.final_sigmas_type === 'zero') return 0;
  return className === 'UniPCMultistepScheduler' ? own : table[0]!;
}

/** The schedule of the exponential integrators, which work in lambda = log(alpha / sigma): DPM-Solver, DEIS, UniPC. */
export function solverSchedule(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): Schedule {
  if (config.use_dynamic_shifting) {
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: 'scheduler_config.json: use_dynamic_shifting is not supported',
    });
  }
  const alphas = alphasCumprod(config, true);
  const table = sigmaTable(alphas);
  const levels = levelsOf(className, config, table, plainTimesteps(className, config, request, alphas));
  return {
    timesteps: levels.timesteps.map(Math.trunc),
    sigmas: Float32Array.from([...levels.sigmas, finalSigma(className, config, table, levels)]),
    alphasCumprod: alphas,
    finalAlphaCumprod: 1,
    initialNoiseSigma: 1,
    callsPerStep: 1,
  };
}
