import { variancePreserving } from '../parameterization/parameterizations.js';
import { discreteSchedule } from '../schedules/diffusers/discrete-schedule.js';
import { distilledTimesteps, trajectoryTimesteps } from '../schedules/distilled-timesteps.js';
import { pndmTimesteps } from '../schedules/pndm-timesteps.js';
import { clippingKeys, consistencyKeys, leadingSpacing, thresholdingKeys, training } from './defaults.js';
import type { SchedulerClass } from './scheduler-class.js';

/** Classes that go by alphaCumprod of whole timesteps, in latents of variance 1. */
const discrete = {
  predictions: ['epsilon', 'v_prediction', 'sample'],
  parameterize: variancePreserving,
  buildSchedule: discreteSchedule,
} as const satisfies Partial<SchedulerClass>;

export const ddimScheduler: SchedulerClass = {
  ...discrete,
  className: 'DDIMScheduler',
  defaults: {
    ...training,
    ...leadingSpacing,
    ...thresholdingKeys,
    ...clippingKeys,
    set_alpha_to_one: true,
    rescale_betas_zero_snr: false,
  },
};

export const ddpmScheduler: SchedulerClass = {
  ...discrete,
  className: 'DDPMScheduler',
  defaults: {
    ...training,
    ...leadingSpacing,
    ...thresholdingKeys,
    ...clippingKeys,
    variance_type: 'fixed_small',
    rescale_betas_zero_snr: false,
  },
  takes: ['timesteps'],
};

export const pndmScheduler: SchedulerClass = {
  ...discrete,
  className: 'PNDMScheduler',
  defaults: { ...training, ...leadingSpacing, skip_prk_steps: false, set_alpha_to_one: false },
  predictions: ['epsilon', 'v_prediction'],
  buildSchedule: (context) => discreteSchedule(context, { timesteps: pndmTimesteps }),
};

export const lcmScheduler: SchedulerClass = {
  ...discrete,
  className: 'LCMScheduler',
  defaults: consistencyKeys,
  takes: ['timesteps'],
  buildSchedule: (context) => discreteSchedule(context, { timesteps: distilledTimesteps }),
};

export const tcdScheduler: SchedulerClass = {
  ...discrete,
  className: 'TCDScheduler',
  defaults: consistencyKeys,
  takes: ['timesteps'],
  buildSchedule: (context) => discreteSchedule(context, { timesteps: trajectoryTimesteps }),
};
