import { weightedSum } from '../weighted-sum.js';
import { ancestralStep } from './ancestral-step.js';
import type { SamplerRun } from './sampler.js';

/**
 * The refined exponential solver, multistep, of order 2 (Zhang et al. 2023, arXiv 2308.02157; ComfyUI's
 * `sample_res_multistep`), in -log(sigma), along a flow too.
 */
export const sampleResMultistep = (run: SamplerRun): Promise<Float32Array> =>
  sampleMultistep(run, (_, to) => ({ down: to, up: 0 }));

/** The same to a lower sigma, and noise back up to the next (ComfyUI's `sample_res_multistep_ancestral`). */
export const sampleResMultistepAncestral = (run: SamplerRun): Promise<Float32Array> =>
  sampleMultistep(run, ancestralStep);

async function sampleMultistep(run: SamplerRun, split: typeof ancestralStep): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  let old: { readonly denoised: Float32Array; readonly down: number } | undefined;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    const { down, up } = split(from, to);
    const noise = up > 0 ? run.noise(latents.length) : undefined;
    const share = down / from;
    if (down === 0 || !old) {
      latents = weightedSum([share, latents], [1 - share, denoised], [up, noise]);
    } else {
      const h = Math.log(from / down);
      const lastStep = Math.log(old.down / levels[step - 1]!.sigma) / h;
      const phi1 = Math.expm1(-h) / -h;
      const oldWeight = (phi1 - 1) / -h / lastStep;
      const weights = { newest: h * (phi1 - oldWeight), old: h * oldWeight };
      latents = weightedSum(
        [share, latents],
        [weights.newest, denoised],
        [weights.old, old.denoised],
        [up, noise],
      );
    }
    old = { denoised, down };
    await run.onCall(latents);
  }
  return latents;
}
