import type { Prediction } from '../parameterization/prediction.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { SolverLevel } from './solver-level.js';

/** The weights of one DPM-Solver step: latents, the prediction, its first and second divided difference, and fresh noise. */
export interface StepWeights {
  readonly latents: number;
  readonly value: number;
  /** First difference in a second-order step of the `midpoint` kind. */
  readonly midpointSlope: number;
  /** First difference in `heun` and third-order steps. */
  readonly slope: number;
  readonly curvature: number;
  readonly noise: number;
}

/**
 * The weights of a step between two levels, for the four forms of DPM-Solver: in the noise (arXiv 2206.00927), in the image
 * (DPM-Solver++, arXiv 2211.01095), and both as stochastic equations (its appendix, and SDE-DPM-Solver++).
 */
export function stepWeights(config: SchedulerConfig, from: SolverLevel, to: SolverLevel): StepWeights {
  const h = to.lambda - from.lambda;
  switch (config.algorithm_type) {
    case 'dpmsolver':
    case 'sde-dpmsolver': {
      const stochastic = config.algorithm_type === 'sde-dpmsolver';
      const scale = -to.sigma * (stochastic ? 2 : 1);
      const growth = Math.exp(h) - 1;
      return {
        latents: to.alpha / from.alpha,
        value: scale * growth,
        midpointSlope: 0.5 * scale * growth,
        slope: scale * (growth / h - 1),
        curvature: scale * ((growth - h) / h ** 2 - 0.5),
        noise: stochastic ? to.sigma * Math.sqrt(Math.exp(2 * h) - 1) : 0,
      };
    }
    case 'sde-dpmsolver++': {
      const decay = 1 - Math.exp(-2 * h);
      return {
        latents: (to.sigma / from.sigma) * Math.exp(-h),
        value: to.alpha * decay,
        midpointSlope: 0.5 * to.alpha * decay,
        slope: to.alpha * (decay / (-2 * h) + 1),
        curvature: to.alpha * ((decay - 2 * h) / (2 * h) ** 2 - 0.5),
        noise: to.sigma * Math.sqrt(decay),
      };
    }
    default: {
      const decay = Math.exp(-h) - 1;
      return {
        latents: to.sigma / from.sigma,
        value: -to.alpha * decay,
        midpointSlope: -0.5 * to.alpha * decay,
        slope: to.alpha * (decay / h + 1),
        curvature: -to.alpha * ((decay + h) / h ** 2 - 0.5),
        noise: 0,
      };
    }
  }
}

/** Whether a form of DPM-Solver draws noise in each step. */
export function isStochastic(config: SchedulerConfig): boolean {
  return config.algorithm_type.startsWith('sde-');
}

/** The quantity that a form of DPM-Solver interpolates: the image for the ++ forms, otherwise the noise. */
export function solvedFor(config: SchedulerConfig, prediction: Prediction): Float32Array {
  const inNoise = config.algorithm_type === 'dpmsolver' || config.algorithm_type === 'sde-dpmsolver';
  return inNoise ? prediction.noise : prediction.original;
}

/** The solver type that a class takes for one it does not know: `heun` stays, all others are `midpoint`. */
export function usesHeun(config: SchedulerConfig): boolean {
  return config.solver_type === 'heun';
}
