import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver++(2M) in -log(sigma), whatever the image's share is (Lu et al. 2022, arXiv 2211.01095; ComfyUI's
 * `sample_dpmpp_2m` along a flow).
 */
export async function sampleDpmpp2m(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  let old: Float32Array | undefined;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    const share = to / from;
    const slope = to > 0 && old ? Math.log(from / to) / Math.log(levels[step - 1]!.sigma / from) / 2 : 0;
    latents = weightedSum(
      [share, latents],
      [(1 - share) * (1 + slope), denoised],
      [(share - 1) * slope, slope > 0 ? old : undefined],
    );
    old = denoised;
    await run.onCall(latents);
  }
  return latents;
}
