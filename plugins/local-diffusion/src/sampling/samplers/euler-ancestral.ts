import { weightedSum } from '../weighted-sum.js';
import { ancestralStep } from './ancestral-step.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * Euler's method to a lower sigma, and noise back up to the next (k-diffusion's `sample_euler_ancestral`).
 * diffusers: EulerAncestralDiscreteScheduler.
 */
export async function sampleEulerAncestral(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const { sigma } = levels[step]!;
    const derivative = toDerivative(latents, await run.denoise(latents, levels[step]!), sigma);
    const { down, up } = ancestralStep(sigma, levels[step + 1]!.sigma);
    latents = weightedSum([1, moveAlong(latents, derivative, down - sigma)], [up, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}
