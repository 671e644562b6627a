import { type Prediction, readPrediction } from '../parameterization/prediction.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** A noise level as the exponential integrators see it: latents are `alpha * image + sigma * noise`, lambda = log(alpha / sigma). */
export interface SolverLevel {
  readonly alpha: number;
  readonly sigma: number;
  /** Infinite where there is no noise left. */
  readonly lambda: number;
}

/** The level of one of the schedule's sigmas, which are noise-to-image ratios, or flow times if the model is a flow. */
export function solverLevel(config: SchedulerConfig, ratio: number): SolverLevel {
  const alpha = config.use_flow_sigmas ? 1 - ratio : 1 / Math.sqrt(ratio ** 2 + 1);
  const sigma = config.use_flow_sigmas ? ratio : ratio * alpha;
  return { alpha, sigma, lambda: Math.log(alpha) - Math.log(sigma) };
}

/** Calls the network at a level and reads its output; with `thresholding` the noise follows the limited image. */
export async function predictAt(
  run: SamplerRun,
  latents: Float32Array,
  index: number,
  level: SolverLevel,
): Promise<Prediction> {
  const output = await run.denoise(latents, run.schedule.timesteps[index]!);
  const { alpha, sigma } = level;
  const prediction = readPrediction(run.config, latents, output, {
    alpha,
    sigma,
    imageCount: run.imageCount,
  });
  if (!run.config.thresholding) return prediction;
  const noise = weightedSum([1 / sigma, latents], [-alpha / sigma, prediction.original]);
  return { original: prediction.original, noise };
}
