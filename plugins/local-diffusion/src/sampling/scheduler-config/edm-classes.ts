import { edm } from '../parameterization/parameterizations.js';
import { edmSchedule } from '../schedules/diffusers/edm-schedule.js';
import type { SchedulerClass } from './scheduler-class.js';
import { dpmName, dpmObstacle } from './solver-classes.js';

/** What all classes for models with EDM's preconditioning have (Karras et al. 2022, arXiv 2206.00364). */
const inEdm = {
  defaults: {
    sigma_min: 0.002,
    sigma_max: 80,
    sigma_data: 0.5,
    sigma_schedule: 'karras',
    num_train_timesteps: 1000,
    prediction_type: 'epsilon',
    rho: 7,
    final_sigmas_type: 'zero',
  },
  predictions: ['epsilon', 'v_prediction'],
  parameterize: edm,
  buildSchedule: edmSchedule,
} as const satisfies Partial<SchedulerClass>;

export const edmEulerScheduler: SchedulerClass = { ...inEdm, className: 'EDMEulerScheduler' };

export const edmDpmSolverMultistepScheduler: SchedulerClass = {
  ...inEdm,
  className: 'EDMDPMSolverMultistepScheduler',
  defaults: {
    ...inEdm.defaults,
    algorithm_type: 'dpmsolver++',
    solver_order: 2,
    solver_type: 'midpoint',
    lower_order_final: true,
    euler_at_final: false,
    thresholding: false,
    dynamic_thresholding_ratio: 0.995,
    sample_max_value: 1,
  },
  obstacle: dpmObstacle,
  nameOf: (config) => dpmName('m', config),
};

/** A class that goes by sigma, for models with EDM's preconditioning, of which diffusers has none. */
export const edmSchedulerOf = ({ className }: SchedulerClass): SchedulerClass => ({ ...inEdm, className });
