import type { NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { noiseIn, type SamplerRun } from './sampler.js';

/**
 * The indefinite integral over rho, in the Lagrange basis over log(rho), of the polynomial that is 1 at `at`
 * and 0 at `others`.
 */
function antiderivative(rho: number, at: number, others: readonly number[]): number {
  const x = Math.log(rho);
  const b = Math.log(at);
  const [c, d] = others.map(Math.log) as [number, number | undefined];
  if (d === undefined) return (rho * (x - c - 1)) / (b - c);
  return (rho * (c * (d - x + 1) - d * x + d + x ** 2 - 2 * x + 2)) / ((b - c) * (b - d));
}

/** The weight of each noise prediction, newest first, for the step that ends at `to`. */
function weightsOf(points: readonly NoiseLevel[], to: NoiseLevel): number[] {
  const rhos = points.map((level) => level.sigma / level.alpha);
  const [end, start] = [to.sigma / to.alpha, rhos[0]!];
  if (rhos.length === 1) return [end - start];
  return rhos.map((rho, i) => {
    const others = rhos.filter((_, j) => j !== i);
    return antiderivative(end, rho, others) - antiderivative(start, rho, others);
  });
}

/**
 * DEIS (Zhang and Chen 2022, arXiv 2204.13902), the log-rho multistep form, of order 1 to 3. diffusers:
 * DEISMultistepScheduler.
 */
export async function sampleDeis(run: SamplerRun): Promise<Float32Array> {
  const { options } = run;
  const { levels } = run.schedule;
  const count = levels.length - 1;
  const lowersFinal = options.lower_order_final && count < 15;
  /** Newest first. */
  const noises: Float32Array[] = [];
  let latents = run.latents;
  for (let index = run.begin; index < count; index++) {
    const denoised = run.limit(await run.denoise(latents, levels[index]!));
    noises.unshift(noiseIn(latents, denoised, levels[index]!));
    const left = lowersFinal ? count - index : options.solver_order;
    noises.length = Math.min(noises.length, options.solver_order);
    const order = Math.min(noises.length, left);
    const points = Array.from({ length: order }, (_, i) => levels[index - i]!);
    const to = levels[index + 1]!;
    latents = weightedSum(
      [to.alpha / levels[index]!.alpha, latents],
      ...weightsOf(points, to).map((weight, i) => [to.alpha * weight, noises[i]] as const),
    );
    await run.onCall(latents);
  }
  return latents;
}
