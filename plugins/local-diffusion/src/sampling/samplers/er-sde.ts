import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** How ComfyUI scales the noise that is drawn anew at a sigma / alpha. */
const noiseScale = (ratio: number) => ratio * (Math.exp(ratio ** 0.3) + 10);

/** Points of the sums that stand for the paper's integrals. */
const points = 200;

/**
 * Extended reverse-time stochastic differential equations, of order 3 (Cui et al. 2023, arXiv 2309.06169,
 * ER-SDE-Solver-3; ComfyUI's `sample_er_sde`).
 */
export async function sampleErSde(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  const ratios = levels.map(({ sigma, alpha }) => sigma / alpha);
  let latents = run.latents;
  let oldDenoised: Float32Array | undefined;
  let oldSlope: Float32Array | undefined;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const denoised = await run.denoise(latents, from);
    if (to.sigma === 0) {
      latents = denoised;
    } else {
      const [start, end] = [ratios[step]!, ratios[step + 1]!];
      const kept = noiseScale(end) / noiseScale(start);
      const { slopeWeight, curvatureWeight } = corrections(start, end);
      const slope = difference(denoised, oldDenoised, start - ratios[step - 1]!);
      const curvature = difference(slope, oldSlope, (start - ratios[step - 2]!) / 2);
      latents = weightedSum(
        [(to.alpha / from.alpha) * kept, latents],
        [to.alpha * (1 - kept), denoised],
        [to.alpha * slopeWeight, slope],
        [to.alpha * curvatureWeight, curvature],
        [to.alpha * Math.sqrt(Math.max(end ** 2 - (start * kept) ** 2, 0)), run.noise(latents.length)],
      );
      oldSlope = slope;
    }
    oldDenoised = denoised;
    await run.onCall(latents);
  }
  return latents;
}

/** The divided difference; undefined as long as there are not two values. */
function difference(
  value: Float32Array | undefined,
  old: Float32Array | undefined,
  distance: number,
): Float32Array | undefined {
  return value && old && weightedSum([1 / distance, value], [-1 / distance, old]);
}

/** The weights of the slope and the curvature of what the network predicts over a step. */
function corrections(start: number, end: number) {
  const distance = end - start;
  const width = -distance / points;
  let [sum, moment] = [0, 0];
  for (let i = 0; i < points; i++) {
    const at = end + i * width;
    sum += width / noiseScale(at);
    moment += ((at - start) * width) / noiseScale(at);
  }
  return {
    slopeWeight: distance + sum * noiseScale(end),
    curvatureWeight: distance ** 2 / 2 + moment * noiseScale(end),
  };
}
