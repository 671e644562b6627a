import { weightedSum } from '../weighted-sum.js';
import { toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/** How much of the newest derivative counts; what is over 1 comes off the one before (gamma). */
const newest = 2;

/**
 * Euler's method with an estimate of the gradient from the last two derivatives (Permenter and Yuan 2024,
 * arXiv 2306.04848; ComfyUI's `sample_gradient_estimation`).
 */
export async function sampleGradientEstimation(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  let old: Float32Array | undefined;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    const derivative = toDerivative(latents, denoised, from);
    const distance = to - from;
    const [own, before] = old ? [newest, 1 - newest] : [1, 0];
    latents =
      to === 0 ? denoised : weightedSum([1, latents], [distance * own, derivative], [distance * before, old]);
    old = derivative;
    await run.onCall(latents);
  }
  return latents;
}
