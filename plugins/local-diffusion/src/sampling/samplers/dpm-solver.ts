import { halfLogSnr, type NoiseLevel } from '../parameterization/noise-level.js';
import { noiseIn, type SamplerOptions, type SamplerRun } from './sampler.js';

/**
 * The weights of one DPM-Solver step: latents, the prediction, its first and second divided difference, and
 * fresh noise.
 */
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
 * The weights of a step between two levels, for the four forms of DPM-Solver: in the noise (arXiv
 * 2206.00927), in the image (DPM-Solver++, arXiv 2211.01095), and both as stochastic equations (its appendix,
 * and SDE-DPM-Solver++).
 */
export function stepWeights(options: SamplerOptions, from: NoiseLevel, to: NoiseLevel): StepWeights {
  const h = halfLogSnr(to) - halfLogSnr(from);
  switch (options.algorithm_type) {
    case 'dpmsolver':
    case 'sde-dpmsolver': {
      const stochastic = options.algorithm_type === 'sde-dpmsolver';
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
export function isStochastic(options: SamplerOptions): boolean {
  return options.algorithm_type.startsWith('sde-');
}

/** Whether a form of DPM-Solver interpolates the noise; the ++ forms interpolate the denoised image. */
export function isInNoise({ algorithm_type }: Pick<SamplerOptions, 'algorithm_type'>): boolean {
  return algorithm_type === 'dpmsolver' || algorithm_type === 'sde-dpmsolver';
}

/** One network call: the quantity that the form of DPM-Solver interpolates. */
export async function evaluate(
  run: SamplerRun,
  latents: Float32Array,
  level: NoiseLevel,
): Promise<Float32Array> {
  const denoised = run.limit(await run.denoise(latents, level));
  return isInNoise(run.options) ? noiseIn(latents, denoised, level) : denoised;
}

/** Whether the second-order form is Heun's; every other `solver_type` stands for the midpoint form. */
export function isHeun({ solver_type }: SamplerOptions): boolean {
  return solver_type === 'heun';
}
