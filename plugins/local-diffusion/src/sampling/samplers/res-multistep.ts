import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * The refined exponential solver, multistep, of order 2 (Zhang et al. 2023, arXiv 2308.02157; ComfyUI's
 * `sample_res_multistep`), in -log(sigma), along a flow too.
 */
export async function sampleResMultistep(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  let old: Float32Array | undefined;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    const share = to / from;
    if (to === 0 || !old) {
      latents = weightedSum([share, latents], [1 - share, denoised]);
    } else {
      const h = Math.log(from / to);
      const lastStep = Math.log(from / levels[step - 1]!.sigma) / h;
      const phi1 = Math.expm1(-h) / -h;
      const oldWeight = (phi1 - 1) / -h / lastStep;
      latents = weightedSum([share, latents], [h * (phi1 - oldWeight), denoised], [h * oldWeight, old]);
    }
    old = denoised;
    await run.onCall(latents);
  }
  return latents;
}
