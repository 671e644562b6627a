import { weightedSum } from '../weighted-sum.js';
import { ancestralLevelStep } from './ancestral-step.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * Euler's method to a lower sigma, and noise back up to the next (k-diffusion's `sample_euler_ancestral`,
 * ComfyUI's along a flow). diffusers: EulerAncestralDiscreteScheduler.
 */
export async function sampleEulerAncestral(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const from = levels[step]!;
    const derivative = toDerivative(latents, await run.denoise(latents, from), from.sigma);
    const { down, keep, up } = ancestralLevelStep(from, levels[step + 1]!);
    const lower = moveAlong(latents, derivative, down - from.sigma);
    latents = weightedSum([keep, lower], [up, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}
