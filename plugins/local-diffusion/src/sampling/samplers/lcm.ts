import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** The boundary condition of consistency models is written for data of this deviation. */
const sigmaData = 0.5;

/**
 * Multistep sampling of latent consistency models (Luo et al. 2023, arXiv 2310.04378, algorithm 3): at each
 * step all noise goes, and fresh noise comes. diffusers: LCMScheduler.
 */
export async function sampleLcm(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const level = levels[step]!;
    const denoised = run.limit(await run.denoise(latents, level));
    const scaled = level.timestep * run.options.timestep_scaling;
    const total = scaled ** 2 + sigmaData ** 2;
    const consistent = weightedSum([scaled / Math.sqrt(total), denoised], [sigmaData ** 2 / total, latents]);
    const next = levels[step + 1]!;
    latents =
      step + 2 === levels.length
        ? consistent
        : weightedSum([next.alpha, consistent], [next.sigma, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}

/** The same without a boundary condition, as ComfyUI's `sample_lcm` has it along a flow. */
export async function sampleLcmAlongFlow(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const { alpha, sigma } = levels[step + 1]!;
    const denoised = await run.denoise(latents, levels[step]!);
    latents = weightedSum([alpha, denoised], [sigma, sigma > 0 ? run.noise(latents.length) : undefined]);
    await run.onCall(latents);
  }
  return latents;
}
