import { weightedSum } from '../weighted-sum.js';
import { noiseIn, type SamplerRun } from './sampler.js';

/**
 * DDIM (Song et al. 2020, arXiv 2010.02502), equation 12; `eta` 0 is deterministic, 1 is DDPM. diffusers:
 * DDIMScheduler.
 */
export async function sampleDdim(run: SamplerRun): Promise<Float32Array> {
  const { levels, levelAt, stride } = run.schedule;
  const eta = run.knobs.eta ?? 0;
  let latents = run.latents;
  for (const level of levels.slice(run.begin, -1)) {
    const denoised = await run.denoise(latents, level);
    const noise = noiseIn(latents, denoised, level);
    const limited = run.limit(denoised);
    const direction = run.knobs.useClippedOutput ? noiseIn(latents, limited, level) : noise;
    // diffusers goes down by the stride, also where the spacing of timesteps is another.
    const next = levelAt(level.timestep - stride);
    const variance = (next.sigma / level.sigma) ** 2 * (1 - (level.alpha / next.alpha) ** 2);
    const deviation = eta * Math.sqrt(variance);
    latents = weightedSum(
      [next.alpha, limited],
      [Math.sqrt(next.sigma ** 2 - deviation ** 2), direction],
      [deviation, eta > 0 ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}
