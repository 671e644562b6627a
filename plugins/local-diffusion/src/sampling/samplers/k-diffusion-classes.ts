import { edmEulerScheduler } from '../scheduler-config/edm-classes.js';
import {
  flowMatchEulerDiscreteScheduler,
  flowMatchSolverScheduler,
} from '../scheduler-config/flow-classes.js';
import { eulerDiscreteScheduler } from '../scheduler-config/sigma-classes.js';

/** Samplers of k-diffusion's kind that diffusers has no class of. */
export const inSigma = {
  scheduler: eulerDiscreteScheduler,
  flowScheduler: flowMatchEulerDiscreteScheduler,
  edmScheduler: edmEulerScheduler,
} as const;
/** The same for those in log(alpha / sigma). */
export const inLogSnr = { ...inSigma, flowScheduler: flowMatchSolverScheduler } as const;
