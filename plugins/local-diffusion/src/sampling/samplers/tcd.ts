import { weightedSum } from '../weighted-sum.js';
import { noiseIn, type SamplerRun } from './sampler.js';

/**
 * Strategic stochastic sampling of trajectory consistency models (Zheng et al. 2024, arXiv 2402.19159,
 * algorithm 4): jumps to a lower timestep, `(1 - eta)` of the next one, and adds noise up to it. diffusers:
 * TCDScheduler.
 */
export async function sampleTcd(run: SamplerRun): Promise<Float32Array> {
  const { levels, levelAt } = run.schedule;
  const eta = run.knobs.eta ?? 0.3;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const level = levels[step]!;
    const denoised = await run.denoise(latents, level);
    const noise = noiseIn(latents, denoised, level);
    const isLast = step + 2 === levels.length;
    const next = isLast ? levelAt(0) : levels[step + 1]!;
    const jump = levelAt(Math.floor(Math.fround(Math.fround(1 - eta) * next.timestep)));
    const isRenoised = eta > 0 && !isLast;
    const kept = isRenoised ? next.alpha / jump.alpha : 1;
    latents = weightedSum(
      [kept * jump.alpha, run.limit(denoised)],
      [kept * jump.sigma, noise],
      [Math.sqrt(1 - kept ** 2), isRenoised ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}
