import { halfLogSnr } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver++(3M) for the stochastic equation (Lu et al. 2022, arXiv 2211.01095; k-diffusion's
 * `sample_dpmpp_3m_sde`, ComfyUI's along a flow). diffusers' solver of order 3 has the opposite sign before
 * the second difference.
 */
export async function sampleDpmpp3mSde(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  let latents = run.latents;
  /** Newest first. */
  const denoised: Float32Array[] = [];
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    denoised.unshift(await run.denoise(latents, from));
    denoised.splice(3);
    if (to.sigma === 0) {
      latents = denoised[0]!;
    } else {
      const lambdas = levels.slice(Math.max(step - 2, run.begin), step + 2).map(halfLogSnr);
      const h = lambdas.at(-1)! - lambdas.at(-2)!;
      const weights = weightsOf(lambdas, 2 * h);
      latents = weightedSum(
        [(to.sigma / from.sigma) * Math.exp(-h), latents],
        ...denoised.map((each, i) => [to.alpha * weights[i]!, each] as const),
        [to.sigma * Math.sqrt(-Math.expm1(-2 * h)), run.noise(latents.length)],
      );
    }
    await run.onCall(latents);
  }
  return latents;
}

/**
 * What each denoised image counts, newest first.
 *
 * @param lambdas log(alpha / sigma) of the steps, oldest first, and of the level that is gone to: two to four
 * @param h what is gone in the stochastic equation's time: twice the last step
 */
function weightsOf(lambdas: readonly number[], h: number): readonly number[] {
  const steps = lambdas.slice(1).map((lambda, i) => lambda - lambdas[i]!);
  const [step = 0, last, lastButOne] = steps.reverse();
  const value = -Math.expm1(-h);
  if (last === undefined) return [value];
  const slope = Math.expm1(-h) / h + 1;
  const ratio = last / step;
  if (lastButOne === undefined) return [value + slope / ratio, -slope / ratio];
  const older = lastButOne / step;
  const curvature = slope / h - 0.5;
  // Newton's divided differences: of the newest two, and of the older two.
  const newest = (slope + (slope * ratio - curvature) / (ratio + older)) / ratio;
  const oldest = -(slope * ratio - curvature) / (ratio + older) / older;
  return [value + newest, oldest - newest, -oldest];
}
