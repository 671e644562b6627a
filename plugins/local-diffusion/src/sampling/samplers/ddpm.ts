import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * DDPM (Ho et al. 2020, arXiv 2006.11239), equation 7, with the variances of its section 3.2. diffusers:
 * DDPMScheduler.
 */
export async function sampleDdpm(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [level, next] = [levels[step]!, levels[step + 1]!];
    const denoised = run.limit(await run.denoise(latents, level));
    const stepAlpha = (level.alpha / next.alpha) ** 2;
    const [variance, nextVariance] = [level.sigma ** 2, next.sigma ** 2];
    const smallest = Math.max((nextVariance / variance) * (1 - stepAlpha), 1e-20);
    const added = run.options.variance_type === 'fixed_large' ? 1 - stepAlpha : smallest;
    latents = weightedSum(
      [(next.alpha * (1 - stepAlpha)) / variance, denoised],
      [(Math.sqrt(stepAlpha) * nextVariance) / variance, latents],
      [Math.sqrt(added), level.timestep > 0 ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}
