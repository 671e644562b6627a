import type { NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * Heun's method (Karras et al. 2022, arXiv 2206.00364, algorithm 1; k-diffusion's `sample_heun`): two calls a
 * step, the second at the step's end, and one in the last. diffusers: HeunDiscreteScheduler.
 */
export async function sampleHeun(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  const derivativeAt = async (latents: Float32Array, level: NoiseLevel) =>
    toDerivative(latents, run.limit(await run.denoise(latents, level)), level.sigma);
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const distance = to.sigma - from.sigma;
    const first = await derivativeAt(latents, from);
    const euler = moveAlong(latents, first, distance);
    await run.onCall(euler);
    if (step + 2 === levels.length) return euler;
    const second = await derivativeAt(euler, to);
    latents = weightedSum([1, latents], [distance / 2, first], [distance / 2, second]);
    await run.onCall(latents);
  }
  return latents;
}
