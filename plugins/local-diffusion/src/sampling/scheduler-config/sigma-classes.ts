import { varianceExploding } from '../parameterization/parameterizations.js';
import { sigmaSchedule } from '../schedules/diffusers/sigma-schedule.js';
import { latentDiffusionTraining, linspaceSpacing, sigmaKeys, training } from './defaults.js';
import type { SchedulerClass } from './scheduler-class.js';

/** Classes that go by sigma, in k-diffusion's scale. */
const inSigma = {
  predictions: ['epsilon', 'v_prediction', 'sample'],
  parameterize: varianceExploding,
  buildSchedule: (context) => sigmaSchedule(context),
} as const satisfies Partial<SchedulerClass>;

export const eulerDiscreteScheduler: SchedulerClass = {
  ...inSigma,
  className: 'EulerDiscreteScheduler',
  defaults: {
    ...training,
    ...linspaceSpacing,
    ...sigmaKeys,
    interpolation_type: 'linear',
    timestep_type: 'discrete',
    rescale_betas_zero_snr: false,
    final_sigmas_type: 'zero',
  },
  takes: ['timesteps', 'sigmas'],
};

export const eulerAncestralDiscreteScheduler: SchedulerClass = {
  ...inSigma,
  className: 'EulerAncestralDiscreteScheduler',
  defaults: { ...training, ...linspaceSpacing, rescale_betas_zero_snr: false },
  takesNamedSchedules: true,
  predictions: ['epsilon', 'v_prediction'],
};

export const lmsDiscreteScheduler: SchedulerClass = {
  ...inSigma,
  className: 'LMSDiscreteScheduler',
  defaults: { ...training, ...linspaceSpacing, ...sigmaKeys },
};

export const heunDiscreteScheduler: SchedulerClass = {
  ...inSigma,
  className: 'HeunDiscreteScheduler',
  defaults: {
    ...latentDiffusionTraining,
    ...linspaceSpacing,
    ...sigmaKeys,
    clip_sample: false,
    clip_sample_range: 1,
  },
  takes: ['timesteps'],
};

export const dpmSolverSdeScheduler: SchedulerClass = {
  ...inSigma,
  className: 'DPMSolverSDEScheduler',
  defaults: { ...latentDiffusionTraining, ...linspaceSpacing, ...sigmaKeys },
  predictions: ['epsilon', 'v_prediction'],
};

const dpm2 = {
  ...inSigma,
  defaults: { ...latentDiffusionTraining, ...linspaceSpacing, ...sigmaKeys },
  predictions: ['epsilon', 'v_prediction'],
  buildSchedule: (context) => sigmaSchedule(context, { roundedSchedules: ['karras'] }),
} as const satisfies Partial<SchedulerClass>;

export const kdpm2DiscreteScheduler: SchedulerClass = { ...dpm2, className: 'KDPM2DiscreteScheduler' };

export const kdpm2AncestralDiscreteScheduler: SchedulerClass = {
  ...dpm2,
  className: 'KDPM2AncestralDiscreteScheduler',
};
