import { weightedSum } from '../weighted-sum.js';
import { toDerivative } from './derivative.js';
import { unevenWeights } from './ipndm-weights.js';
import type { SamplerRun } from './sampler.js';

/** Adams-Bashforth's weights by order, newest derivative first. */
const evenWeights = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const;
const maximumOrder = evenWeights.length;

/**
 * The improved pseudo linear multistep of Zhang and Chen 2022 (arXiv 2204.13902) in sigma, up to the fourth
 * order: Adams-Bashforth with the weights of even steps, however long they are. ComfyUI: `sample_ipndm`.
 */
export const sampleIpndm = (run: SamplerRun): Promise<Float32Array> =>
  sampleMultistep(run, (lengths) => evenWeights[lengths.length - 1]!);

/** The same with weights that heed how long the steps are. ComfyUI: `sample_ipndm_v`. */
export const sampleIpndmV = (run: SamplerRun): Promise<Float32Array> => sampleMultistep(run, unevenWeights);

/**
 * @param weigh the weights of the derivatives, newest first, for steps of these lengths in sigma: the one
 * that is taken, and those before it, one to four
 */
async function sampleMultistep(
  run: SamplerRun,
  weigh: (lengths: readonly number[]) => readonly number[],
): Promise<Float32Array> {
  const { levels } = run.schedule;
  const order = run.knobs.order ?? maximumOrder;
  /** Newest first, both. */
  const [derivatives, lengths]: [Float32Array[], number[]] = [[], []];
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!.sigma, levels[step + 1]!.sigma];
    const denoised = await run.denoise(latents, levels[step]!);
    if (to === 0) latents = denoised;
    else {
      derivatives.unshift(toDerivative(latents, denoised, from));
      lengths.unshift(to - from);
      for (const list of [derivatives, lengths]) list.splice(order);
      const weights = weigh(lengths);
      latents = weightedSum(
        [1, latents],
        ...derivatives.map((derivative, i) => [(to - from) * weights[i]!, derivative] as const),
      );
    }
    await run.onCall(latents);
  }
  return latents;
}
