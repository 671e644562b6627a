import { rectifiedFlow, variancePreserving } from '../parameterization/parameterizations.js';
import { type SolverScheduleRules, solverSchedule } from '../schedules/diffusers/solver-schedule.js';
import { flowTimesFromImage, flowTimesFromNoise } from '../schedules/flow-times.js';
import { dpmSolverKeys, linspaceSpacing, solverKeys } from './defaults.js';
import type { SchedulerClass } from './scheduler-class.js';
import type { SchedulerConfig } from './scheduler-config.js';

/** Exponential integrators, which work in log(alpha / sigma): in latents of variance 1, or along a flow. */
const exponential = {
  predictions: ['epsilon', 'v_prediction', 'sample', 'flow_prediction'],
  parameterize: (config: SchedulerConfig) =>
    config.use_flow_sigmas ? rectifiedFlow(config) : variancePreserving(config),
} as const satisfies Partial<SchedulerClass>;

const dpmRules: SolverScheduleRules = {
  flowTimes: flowTimesFromImage,
  turnsKarrasIntoTimes: false,
  keepsCosineTimesteps: false,
  endsAt: 'smallest sigma',
};

const dynamicShifting = (config: SchedulerConfig) =>
  config.use_dynamic_shifting ? 'use_dynamic_shifting is not supported' : undefined;

/** What no class of DPM-Solver can do. */
export function dpmObstacle(config: SchedulerConfig): string | undefined {
  const inNoise = !config.algorithm_type.endsWith('++');
  return inNoise && config.final_sigmas_type === 'zero'
    ? `algorithm_type "${config.algorithm_type}" needs final_sigmas_type "sigma_min"`
    : dynamicShifting(config);
}

/** `dpmpp_2m_sde` of DPM-Solver++, order 2, multistep, stochastic. */
export function dpmName(
  kind: 'm' | 's',
  { algorithm_type: type, solver_order: order, solver_type }: SchedulerConfig,
): string {
  const name = `${type.endsWith('++') ? 'dpmpp' : 'dpm'}_${order}${kind}`;
  if (!type.startsWith('sde-')) return name;
  const isHeun = kind === 'm' && order === 2 && solver_type === 'heun';
  return isHeun ? `${name}_sde_heun` : `${name}_sde`;
}

export const dpmSolverMultistepScheduler: SchedulerClass = {
  ...exponential,
  className: 'DPMSolverMultistepScheduler',
  defaults: {
    ...dpmSolverKeys,
    ...linspaceSpacing,
    euler_at_final: false,
    use_lu_lambdas: false,
    rescale_betas_zero_snr: false,
  },
  takes: ['timesteps'],
  buildSchedule: (context) => solverSchedule(context, { ...dpmRules, keepsCosineTimesteps: true }),
  obstacle: (config) =>
    dpmObstacle(config) ??
    (config.algorithm_type === 'sde-dpmsolver' && config.solver_order === 3
      ? 'algorithm_type "sde-dpmsolver" has no third order'
      : undefined),
  nameOf: (config) => dpmName('m', config),
};

export const dpmSolverSinglestepScheduler: SchedulerClass = {
  ...exponential,
  className: 'DPMSolverSinglestepScheduler',
  defaults: { ...dpmSolverKeys, lower_order_final: false },
  fixed: { timestep_spacing: 'linspace' },
  takes: ['timesteps'],
  buildSchedule: (context) => solverSchedule(context, dpmRules),
  obstacle: (config) =>
    dpmObstacle(config) ??
    (config.algorithm_type === 'sde-dpmsolver'
      ? 'algorithm_type "sde-dpmsolver" has no singlestep form'
      : undefined),
  nameOf: (config) => dpmName('s', config),
};

export const deisMultistepScheduler: SchedulerClass = {
  ...exponential,
  className: 'DEISMultistepScheduler',
  defaults: { ...solverKeys, ...linspaceSpacing, solver_type: 'logrho' },
  fixed: { final_sigmas_type: 'sigma_min' },
  buildSchedule: (context) => solverSchedule(context, { ...dpmRules, endsAt: 'last sigma' }),
  obstacle: dynamicShifting,
};

export const uniPcMultistepScheduler: SchedulerClass = {
  ...exponential,
  className: 'UniPCMultistepScheduler',
  defaults: {
    ...solverKeys,
    ...linspaceSpacing,
    predict_x0: true,
    solver_type: 'bh2',
    disable_corrector: [],
    solver_p: null,
    final_sigmas_type: 'zero',
    rescale_betas_zero_snr: false,
    shift_terminal: null,
  },
  buildSchedule: (context) =>
    solverSchedule(context, {
      flowTimes: flowTimesFromNoise,
      turnsKarrasIntoTimes: true,
      keepsCosineTimesteps: false,
      endsAt: 'last sigma',
    }),
  obstacle(config) {
    if (!config.predict_x0 && config.final_sigmas_type === 'zero') {
      return 'predict_x0 false needs final_sigmas_type "sigma_min"';
    }
    if (config.shift_terminal !== null && !config.use_flow_sigmas) {
      return 'shift_terminal needs use_flow_sigmas';
    }
    return dynamicShifting(config);
  },
};
