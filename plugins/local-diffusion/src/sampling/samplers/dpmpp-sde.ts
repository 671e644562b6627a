import { halfLogSnr, type NoiseLevel, sigmaOfRatio } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { ancestralStep } from './ancestral-step.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver++(S) for the stochastic equation, of order 2 (Lu et al. 2022, arXiv 2211.01095; k-diffusion's
 * `sample_dpmpp_sde`): two calls a step, the second half-way in log(alpha / sigma). The noise of both is that
 * of one Brownian motion, as there. diffusers: DPMSolverSDEScheduler.
 */
export async function sampleDpmppSde(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const denoised = await run.denoise(latents, from);
    const [middle] = laterCalls[step]!;
    if (!middle) {
      await run.onCall(denoised);
      return denoised;
    }
    const firstNoise = run.noise(latents.length);
    const halfWay = goTo(middle, { from, latents, denoised, noise: firstNoise });
    await run.onCall(halfWay);
    // With r = 1/2 the second prediction alone counts.
    const second = await run.denoise(halfWay, middle);
    const span = from.sigma - to.sigma;
    const noise = weightedSum(
      [Math.sqrt((from.sigma - middle.sigma) / span), firstNoise],
      [Math.sqrt((middle.sigma - to.sigma) / span), run.noise(latents.length)],
    );
    latents = goTo(to, { from, latents, denoised: second, noise });
    await run.onCall(latents);
  }
  return latents;
}

interface Stage {
  readonly from: NoiseLevel;
  readonly latents: Float32Array;
  readonly denoised: Float32Array;
  readonly noise: Float32Array;
}

/** An ancestral step in sigma / alpha, along which the image without noise stays what it is. */
function goTo(to: NoiseLevel, { from, latents, denoised, noise }: Stage): Float32Array {
  const ratio = from.sigma / from.alpha;
  const { down, up } = ancestralStep(ratio, to.sigma / to.alpha);
  const share = down / ratio;
  return weightedSum(
    [(to.alpha / from.alpha) * share, latents],
    [to.alpha * (1 - share), denoised],
    [to.alpha * up, noise],
  );
}

/** The sigma of the second call: half-way in log(alpha / sigma). */
export function dpmppSdeSecondSigma(from: NoiseLevel, to: NoiseLevel): number {
  return sigmaOfRatio(Math.exp(-(halfLogSnr(from) + halfLogSnr(to)) / 2), from);
}
