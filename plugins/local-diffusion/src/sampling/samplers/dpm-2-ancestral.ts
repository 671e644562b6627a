import type { NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { ancestralLevelStep } from './ancestral-step.js';
import { moveAlong, toDerivative } from './derivative.js';
import { dpm2SecondSigma } from './dpm-2.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver-2 with ancestral noise (k-diffusion's `sample_dpm_2_ancestral`, ComfyUI's along a flow).
 * diffusers: KDPM2AncestralDiscreteScheduler.
 */
export async function sampleDpm2Ancestral(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const from = levels[step]!;
    const { down, keep, up } = ancestralLevelStep(from, levels[step + 1]!);
    const [middle] = laterCalls[step]!;
    const first = toDerivative(latents, await run.denoise(latents, from), from.sigma);
    const halfWay = moveAlong(latents, first, (middle?.sigma ?? down) - from.sigma);
    await run.onCall(halfWay);
    if (!middle) return halfWay;
    const second = toDerivative(halfWay, await run.denoise(halfWay, middle), middle.sigma);
    const lower = moveAlong(latents, second, down - from.sigma);
    latents = weightedSum([keep, lower], [up, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}

/** The sigma of the second call: half-way in log(sigma) to where the noise is added. */
export function dpm2AncestralSecondSigma(from: NoiseLevel, to: NoiseLevel): number {
  return dpm2SecondSigma(from, { sigma: ancestralLevelStep(from, to).down });
}
