import { readPrediction } from '../parameterization/prediction.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** DDPM (Ho et al. 2020, arXiv 2006.11239), equation 7, with the variances of its section 3.2. diffusers: DDPMScheduler. */
export async function sampleDdpm(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule, imageCount } = run;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const timestep = schedule.timesteps[index]!;
    const output = await run.denoise(latents, timestep);
    const next = schedule.timesteps[index + 1];
    const alphaCumprod = schedule.alphasCumprod[timestep]!;
    const nextAlphaCumprod = next === undefined ? 1 : schedule.alphasCumprod[next]!;
    const stepAlpha = alphaCumprod / nextAlphaCumprod;
    const [left, nextLeft] = [1 - alphaCumprod, 1 - nextAlphaCumprod];
    const scale = { alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(left), imageCount };
    const { original } = readPrediction(config, latents, output, scale);
    latents = weightedSum(
      [(Math.sqrt(nextAlphaCumprod) * (1 - stepAlpha)) / left, original],
      [(Math.sqrt(stepAlpha) * nextLeft) / left, latents],
      [
        deviation(config, Math.max((nextLeft / left) * (1 - stepAlpha), 1e-20), 1 - stepAlpha),
        timestep > 0 ? run.noise(latents.length) : undefined,
      ],
    );
    await run.onCall(latents);
  }
  return latents;
}

function deviation(config: SchedulerConfig, smallVariance: number, largeVariance: number): number {
  return Math.sqrt(config.variance_type === 'fixed_large' ? largeVariance : smallVariance);
}
