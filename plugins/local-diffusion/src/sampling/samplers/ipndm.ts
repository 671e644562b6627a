import { weightedSum } from '../weighted-sum.js';
import { toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/** Adams-Bashforth's weights by order, newest derivative first. */
const weights = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const;

/**
 * The improved pseudo linear multistep of Zhang and Chen 2022 (arXiv 2204.13902) in sigma, up to the fourth
 * order: Adams-Bashforth with the weights of even steps, however long they are. ComfyUI: `sample_ipndm`.
 */
export async function sampleIpndm(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  /** Newest first. */
  const derivatives: Float32Array[] = [];
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    if (to === 0) latents = denoised;
    else {
      derivatives.unshift(toDerivative(latents, denoised, from));
      if (derivatives.length > weights.length) derivatives.pop();
      const ofOrder = weights[derivatives.length - 1]!;
      latents = weightedSum(
        [1, latents],
        ...derivatives.map((derivative, i) => [(to - from) * ofOrder[i]!, derivative] as const),
      );
    }
    await run.onCall(latents);
  }
  return latents;
}
