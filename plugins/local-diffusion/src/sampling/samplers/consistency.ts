import { readPrediction } from '../parameterization/prediction.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** The boundary condition of consistency models is written for data of this deviation. */
const sigmaData = 0.5;

/**
 * Multistep sampling of latent consistency models (Luo et al. 2023, arXiv 2310.04378, algorithm 3). diffusers: LCMScheduler.
 */
export async function sampleLcm(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule, imageCount } = run;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const timestep = schedule.timesteps[index]!;
    const output = await run.denoise(latents, timestep);
    const alphaCumprod = schedule.alphasCumprod[timestep]!;
    const scale = { alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod), imageCount };
    const { original } = readPrediction(config, latents, output, scale);
    const scaled = timestep * config.timestep_scaling;
    const total = scaled ** 2 + sigmaData ** 2;
    const denoised = weightedSum([scaled / Math.sqrt(total), original], [sigmaData ** 2 / total, latents]);
    const next = schedule.timesteps[index + 1];
    const nextAlphaCumprod = next === undefined ? 1 : schedule.alphasCumprod[next]!;
    latents =
      next === undefined
        ? denoised
        : weightedSum(
            [Math.sqrt(nextAlphaCumprod), denoised],
            [Math.sqrt(1 - nextAlphaCumprod), run.noise(latents.length)],
          );
    await run.onCall(latents);
  }
  return latents;
}

/**
 * Strategic stochastic sampling of trajectory consistency models (Zheng et al. 2024, arXiv 2402.19159, algorithm 4): jumps to
 * a lower timestep, `(1 - eta)` of the next one, and adds noise up to it. diffusers: TCDScheduler.
 */
export async function sampleTcd(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule, imageCount } = run;
  const eta = run.knobs.eta ?? 0.3;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const timestep = schedule.timesteps[index]!;
    const output = await run.denoise(latents, timestep);
    const alphaCumprod = schedule.alphasCumprod[timestep]!;
    const scale = { alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod), imageCount };
    const { original, noise } = readPrediction(config, latents, output, scale);
    const next = schedule.timesteps[index + 1] ?? 0;
    const jumpAlphaCumprod = schedule.alphasCumprod[Math.floor(Math.fround(Math.fround(1 - eta) * next))]!;
    const renoised = eta > 0 && index + 1 < schedule.timesteps.length;
    const kept = renoised ? schedule.alphasCumprod[next]! / jumpAlphaCumprod : 1;
    latents = weightedSum(
      [Math.sqrt(kept * jumpAlphaCumprod), original],
      [Math.sqrt(kept * (1 - jumpAlphaCumprod)), noise],
      [Math.sqrt(1 - kept), renoised ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}
