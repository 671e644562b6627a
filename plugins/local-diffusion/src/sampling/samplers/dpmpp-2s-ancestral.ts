import { type NoiseLevel, sigmaOfRatio } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { ancestralLevelStep } from './ancestral-step.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver++(2S) to a lower sigma, and noise back up to the next (Lu et al. 2022, arXiv 2211.01095,
 * algorithm 1; k-diffusion's `sample_dpmpp_2s_ancestral`, ComfyUI's along a flow).
 */
export async function sampleDpmpp2sAncestral(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const { down, keep, up } = ancestralLevelStep(from, to);
    let denoised = await run.denoise(latents, from);
    const [middle] = laterCalls[step]!;
    if (middle) {
      const halfWay = goDown(latents, denoised, middle.sigma / from.sigma);
      await run.onCall(halfWay);
      denoised = await run.denoise(halfWay, middle);
    }
    const share = (keep * down) / from.sigma;
    latents = weightedSum(
      [share, latents],
      [keep - share, denoised],
      [up, up > 0 ? run.noise(latents.length) : undefined],
    );
    await run.onCall(latents);
  }
  return latents;
}

/** The exact way to a share of the noise if the image without noise stays what it is. */
const goDown = (latents: Float32Array, denoised: Float32Array, share: number) =>
  weightedSum([share, latents], [1 - share, denoised]);

/** The sigma of the second call: half-way in log(alpha / sigma) to where the noise is added. */
export function dpmpp2sAncestralSecondSigma(from: NoiseLevel, to: NoiseLevel): number {
  // At pure noise log(alpha / sigma) has no value.
  if (from.alpha === 0) return 0.9999;
  const { down } = ancestralLevelStep(from, to);
  const downAlpha = from.alpha === 1 ? 1 : 1 - down;
  return sigmaOfRatio(Math.sqrt((from.sigma / from.alpha) * (down / downAlpha)), from);
}
