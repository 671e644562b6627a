import type { NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** Latents, the denoised image in them, and their sigma. */
export interface ChurnedLatents {
  readonly latents: Float32Array;
  readonly denoised: Float32Array;
  readonly sigma: number;
}

/**
 * How much a step's sigma is raised, as a factor from 1 on (Karras et al. 2022, arXiv 2206.00364, algorithm
 * 2).
 */
function churnFactor({ knobs, schedule }: SamplerRun, sigma: number): number {
  const { churn = 0, churnFrom = 0, churnTo = Number.POSITIVE_INFINITY } = knobs;
  if (sigma < churnFrom || sigma > churnTo) return 1;
  return 1 + Math.min(churn / (schedule.levels.length - 1), Math.SQRT2 - 1);
}

/**
 * Adds the noise that churn raises a step's sigma by. Unlike the paper, diffusers calls the network before
 * that and reads the same output once more in the noisier latents.
 */
export function addChurn(
  run: SamplerRun,
  latents: Float32Array,
  denoised: Float32Array,
  level: NoiseLevel,
): ChurnedLatents {
  const { sigma } = level;
  const raised = Math.fround(sigma * churnFactor(run, sigma));
  if (raised <= sigma) return { latents, denoised, sigma: raised };
  const added = (run.knobs.churnNoise ?? 1) * Math.sqrt(raised ** 2 - sigma ** 2);
  const churned = weightedSum([1, latents], [added, run.noise(latents.length)]);
  const output = run.prediction.output(latents, denoised, level);
  const readAt = run.prediction.isReadBeforeChurn ? level : { ...level, sigma: raised };
  return { latents: churned, denoised: run.prediction.denoised(churned, output, readAt), sigma: raised };
}
