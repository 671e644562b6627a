import { roundHalfToEven } from '../rounding.js';
import type { SchedulerClassName } from '../scheduler-config/classes.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspaceFloat32 } from './linspace.js';
import type { Schedule, ScheduleRequest } from './schedule.js';
import { interpolateSigma, sigmaSpacing, sigmaTable, spaceSigmas, timestepOfSigma } from './sigmas.js';
import { spacedTimesteps } from './timesteps.js';
import { alphasCumprod } from './training-betas.js';

interface Levels {
  readonly timesteps: readonly number[];
  /** One more than timesteps: the last is the level that is left at the end. */
  readonly sigmas: Float32Array;
}

type Converted = { readonly timesteps: readonly number[]; readonly sigmas: readonly number[] };

/** Replaces timestep-spaced sigmas by karras, exponential or beta ones, with the timesteps that belong to them. */
function respace(
  className: SchedulerClassName,
  config: SchedulerConfig,
  plain: Converted,
  logSigmas: Float32Array,
): Converted {
  const spacing = sigmaSpacing(config);
  if (!spacing) return plain;
  const limits = { min: plain.sigmas.at(-1)!, max: plain.sigmas[0]! };
  const sigmas = spaceSigmas(config, spacing, limits, plain.timesteps.length);
  const timesteps = sigmas.map((sigma) => timestepOfSigma(sigma, logSigmas));
  const rounds = spacing === 'karras' && className.startsWith('KDPM2');
  return { sigmas, timesteps: rounds ? timesteps.map(roundHalfToEven) : timesteps };
}

function levelsOf(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
  table: Float32Array,
): Levels {
  const logSigmas = table.map(Math.log);
  if (request.sigmas) {
    const sigmas = Float32Array.from(request.sigmas);
    return {
      sigmas,
      timesteps: Array.from(sigmas.subarray(0, -1), (sigma) => timestepOfSigma(sigma, logSigmas)),
    };
  }
  const timesteps = request.timesteps ?? spacedTimesteps(config, request.steps, 'real');
  const sigmas =
    config.interpolation_type === 'log_linear'
      ? [...linspaceFloat32(Math.log(table.at(-1)!), Math.log(table[0]!), timesteps.length + 1).map(Math.exp)]
      : timesteps.map((t) => interpolateSigma(table, t));
  const respaced = respace(className, config, { timesteps, sigmas }, logSigmas);
  const last = config.final_sigmas_type === 'sigma_min' ? table[0]! : 0;
  return { timesteps: respaced.timesteps, sigmas: Float32Array.from([...respaced.sigmas, last]) };
}

/** The sigma half-way, in log(sigma), between two levels: where DPM-Solver-2 calls the network a second time. */
export function middleSigma(from: number, to: number): number {
  return Math.fround(Math.sqrt(from * to));
}

/**
 * The deterministic and the random part of an ancestral step from one level to the next: `down` squared + `up` squared = `to`
 * squared. In float32, as torch does it: on long steps `down` is a small difference of large squares.
 */
export function ancestralStep(from: number, to: number): { readonly down: number; readonly up: number } {
  const [fromSquared, toSquared] = [Math.fround(from * from), Math.fround(to * to)];
  const product = Math.fround(toSquared * Math.fround(fromSquared - toSquared));
  const up = Math.fround(Math.sqrt(Math.fround(product / fromSquared)));
  return { up, down: Math.fround(Math.sqrt(Math.fround(toSquared - Math.fround(up * up)))) };
}

/** Where the second call of each two-call step is made; there is none in the last step, which ends at sigma 0. */
function secondTimesteps(className: SchedulerClassName, levels: Levels, table: Float32Array): number[] {
  const logSigmas = table.map(Math.log);
  return levels.timesteps.slice(0, -1).map((_, step) => {
    const [from, to] = [levels.sigmas[step]!, levels.sigmas[step + 1]!];
    if (className === 'HeunDiscreteScheduler') return levels.timesteps[step + 1]!;
    const end = className === 'KDPM2AncestralDiscreteScheduler' ? ancestralStep(from, to).down : to;
    return timestepOfSigma(middleSigma(from, end), logSigmas);
  });
}

const twoCallClasses = new Set<SchedulerClassName>([
  'HeunDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
]);

/** The schedule of the samplers of k-diffusion, which scale their input by sigma: Euler, LMS, Heun, DPM2 and their ancestral forms. */
export function sigmaSchedule(
  className: SchedulerClassName,
  config: SchedulerConfig,
  request: ScheduleRequest,
): Schedule {
  const alphas = alphasCumprod(config, true);
  const table = sigmaTable(alphas);
  const levels = levelsOf(className, config, request, table);
  const twoCalls = twoCallClasses.has(className);
  const seconds = twoCalls ? secondTimesteps(className, levels, table) : [];
  const timesteps =
    config.timestep_type === 'continuous' && config.prediction_type === 'v_prediction'
      ? Array.from(levels.sigmas.subarray(0, -1), (sigma) => Math.fround(0.25 * Math.log(sigma)))
      : levels.timesteps.flatMap((t, step) => (step < seconds.length ? [t, seconds[step]!] : [t]));
  const largest = levels.sigmas.reduce((most, sigma) => Math.max(most, sigma), 0);
  return {
    timesteps: timesteps.map(Math.fround),
    sigmas: levels.sigmas,
    alphasCumprod: alphas,
    finalAlphaCumprod: 1,
    initialNoiseSigma: config.timestep_spacing === 'leading' ? Math.sqrt(largest ** 2 + 1) : largest,
    callsPerStep: twoCalls ? 2 : 1,
  };
}
