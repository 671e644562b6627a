import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';
import { predictAt, type SolverLevel, solverLevel } from './solver-level.js';

/** The indefinite integral over rho, in the Lagrange basis over log(rho), of the polynomial that is 1 at `at` and 0 at `others`. */
function antiderivative(rho: number, at: number, others: readonly number[]): number {
  const x = Math.log(rho);
  const b = Math.log(at);
  const [c, d] = others.map(Math.log) as [number, number | undefined];
  if (d === undefined) return (rho * (x - c - 1)) / (b - c);
  return (rho * (c * (d - x + 1) - d * x + d + x ** 2 - 2 * x + 2)) / ((b - c) * (b - d));
}

/** The weight of each noise prediction, newest first, for the step that ends at `to`. */
function weightsOf(points: readonly SolverLevel[], to: SolverLevel): number[] {
  const rhos = points.map((level) => level.sigma / level.alpha);
  const [end, start] = [to.sigma / to.alpha, rhos[0]!];
  if (rhos.length === 1) return [end - start];
  return rhos.map((rho, i) => {
    const others = rhos.filter((_, j) => j !== i);
    return antiderivative(end, rho, others) - antiderivative(start, rho, others);
  });
}

/**
 * DEIS (Zhang and Chen 2022, arXiv 2204.13902), the log-rho multistep form, of order 1 to 3. diffusers: DEISMultistepScheduler.
 */
export async function sampleDeis(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  const levels = Array.from(schedule.sigmas, (sigma) => solverLevel(config, sigma));
  const count = schedule.timesteps.length;
  const lowersFinal = config.lower_order_final && count < 15;
  /** Newest first. */
  const noises: Float32Array[] = [];
  let latents = run.latents;
  for (let index = run.begin; index < count; index++) {
    noises.unshift((await predictAt(run, latents, index, levels[index]!)).noise);
    const left = lowersFinal ? count - index : config.solver_order;
    noises.length = Math.min(noises.length, config.solver_order);
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
