import { readPrediction } from '../parameterization/prediction.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** DDIM (Song et al. 2020, arXiv 2010.02502), equation 12; `eta` 0 is deterministic, 1 is DDPM. diffusers: DDIMScheduler. */
export async function sampleDdim(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule, imageCount } = run;
  const eta = run.knobs.eta ?? 0;
  const stride = Math.floor(config.num_train_timesteps / run.steps);
  let latents = run.latents;
  for (const timestep of schedule.timesteps.slice(run.begin)) {
    const output = await run.denoise(latents, timestep);
    const alphaCumprod = schedule.alphasCumprod[timestep]!;
    const nextAlphaCumprod = schedule.alphasCumprod[timestep - stride] ?? schedule.finalAlphaCumprod;
    const [alpha, sigma] = [Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod)];
    const { original, noise } = readPrediction(config, latents, output, { alpha, sigma, imageCount });
    const direction = run.knobs.useClippedOutput
      ? weightedSum([1 / sigma, latents], [-alpha / sigma, original])
      : noise;
    const variance = ((1 - nextAlphaCumprod) / (1 - alphaCumprod)) * (1 - alphaCumprod / nextAlphaCumprod);
    const deviation = eta * Math.sqrt(variance);
    latents = weightedSum(
      [Math.sqrt(nextAlphaCumprod), original],
      [Math.sqrt(1 - nextAlphaCumprod - deviation ** 2), direction],
      [deviation, eta > 0 ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}
