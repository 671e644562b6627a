import { addChurn } from './churn.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * Euler's method in sigma, with churn (Karras et al. 2022, arXiv 2206.00364, algorithm 2; k-diffusion's
 * `sample_euler`). The same for EDM models and along a flow. diffusers: EulerDiscreteScheduler,
 * EDMEulerScheduler.
 */
export async function sampleEuler(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const level = levels[step]!;
    const denoised = await run.denoise(latents, level);
    const churned = addChurn(run, latents, denoised, level);
    const derivative = toDerivative(churned.latents, churned.denoised, churned.sigma);
    latents = moveAlong(churned.latents, derivative, levels[step + 1]!.sigma - churned.sigma);
    await run.onCall(latents);
  }
  return latents;
}
