import { weightedSum } from '../weighted-sum.js';
import { toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/** Four-point Gauss-Legendre on -1 .. 1: exact for the cubics that are integrated here. */
const nodes = [
  [0.8611363115940526, 0.34785484513745385],
  [0.33998104358485626, 0.6521451548625461],
] as const;

/**
 * The weight of the derivative at `sigmas[index - which]`: the integral of its Lagrange polynomial over the
 * step.
 */
function coefficient(sigmas: readonly number[], index: number, which: number, order: number): number {
  const basis = (sigma: number) => {
    let product = 1;
    for (let k = 0; k < order; k++) {
      if (k === which) continue;
      product *= (sigma - sigmas[index - k]!) / (sigmas[index - which]! - sigmas[index - k]!);
    }
    return product;
  };
  const [from, to] = [sigmas[index]!, sigmas[index + 1]!];
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  let integral = 0;
  for (const [node, weight] of nodes)
    integral += weight * (basis(middle + half * node) + basis(middle - half * node));
  return integral * half;
}

/**
 * Linear multistep in sigma (k-diffusion's `sample_lms`), up to the fourth order. diffusers:
 * LMSDiscreteScheduler.
 */
export async function sampleLms(run: SamplerRun): Promise<Float32Array> {
  const { levels } = run.schedule;
  const sigmas = levels.map(({ sigma }) => sigma);
  const mostOrder = run.knobs.order ?? 4;
  /** Newest first. */
  const derivatives: Float32Array[] = [];
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const denoised = await run.denoise(latents, levels[step]!);
    derivatives.unshift(toDerivative(latents, denoised, sigmas[step]!));
    if (derivatives.length > mostOrder) derivatives.pop();
    // diffusers counts from the whole schedule: started from an image, its first steps weigh derivatives that
    // are not there.
    const order = Math.min(step + 1, mostOrder);
    latents = weightedSum(
      [1, latents],
      ...derivatives.map((derivative, i) => [coefficient(sigmas, step, i, order), derivative] as const),
    );
    await run.onCall(latents);
  }
  return latents;
}
