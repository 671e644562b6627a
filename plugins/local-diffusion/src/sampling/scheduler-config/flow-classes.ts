import { rectifiedFlow } from '../parameterization/parameterizations.js';
import { flowMatchSchedule } from '../schedules/diffusers/flow-match-schedule.js';
import { dpmFormKeys, sigmaKeys, timeShiftKeys } from './defaults.js';
import type { SchedulerClass } from './scheduler-class.js';

/** Classes of models that were trained as rectified flows. */
const flowMatching = {
  fixed: { prediction_type: 'flow_prediction' },
  predictions: ['flow_prediction'],
  takes: ['sigmas'],
  countsBrokenSteps: true,
  parameterize: rectifiedFlow,
  buildSchedule: (context) => flowMatchSchedule(context),
} as const satisfies Partial<SchedulerClass>;

export const flowMatchEulerDiscreteScheduler: SchedulerClass = {
  ...flowMatching,
  className: 'FlowMatchEulerDiscreteScheduler',
  defaults: { ...timeShiftKeys, ...sigmaKeys, num_train_timesteps: 1000, shift_terminal: null },
  obstacle({ invert_sigmas, stochastic_sampling }) {
    if (invert_sigmas) return 'invert_sigmas is not supported';
    return stochastic_sampling ? 'stochastic_sampling is not supported' : undefined;
  },
};

/** The same for solvers in log(alpha / sigma), which has no value at pure noise. */
export const flowMatchSolverScheduler: SchedulerClass = {
  ...flowMatchEulerDiscreteScheduler,
  buildSchedule: (context) => flowMatchSchedule(context, { keepsSomeImage: true }),
};

/** The same for DPM-Solver, with the keys that choose its form. */
export const flowMatchDpmSolverScheduler: SchedulerClass = {
  ...flowMatchSolverScheduler,
  defaults: { ...flowMatchSolverScheduler.defaults, ...dpmFormKeys },
};

export const flowMatchHeunDiscreteScheduler: SchedulerClass = {
  ...flowMatching,
  className: 'FlowMatchHeunDiscreteScheduler',
  defaults: { num_train_timesteps: 1000, shift: 1 },
};
