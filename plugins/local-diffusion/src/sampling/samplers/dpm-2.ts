import type { NoiseLevel } from '../parameterization/noise-level.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver-2 in sigma (Lu et al. 2022, arXiv 2206.00927; k-diffusion's `sample_dpm_2`): the second call
 * half-way in log(sigma), and one call in the last step. diffusers: KDPM2DiscreteScheduler.
 */
export async function sampleDpm2(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const [middle] = laterCalls[step]!;
    const first = toDerivative(latents, await run.denoise(latents, from), from.sigma);
    const halfWay = moveAlong(latents, first, (middle?.sigma ?? to.sigma) - from.sigma);
    await run.onCall(halfWay);
    if (!middle) return halfWay;
    const second = toDerivative(halfWay, await run.denoise(halfWay, middle), middle.sigma);
    latents = moveAlong(latents, second, to.sigma - from.sigma);
    await run.onCall(latents);
  }
  return latents;
}

/** The sigma of the second call: half-way in log(sigma). */
export function dpm2SecondSigma(from: Pick<NoiseLevel, 'sigma'>, to: Pick<NoiseLevel, 'sigma'>): number {
  return Math.fround(Math.sqrt(from.sigma * to.sigma));
}
