import { halfLogSnr, type NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { evaluate, isHeun, isStochastic, stepWeights } from './dpm-solver.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver and DPM-Solver++, multistep, of order 1 to 3, deterministic or stochastic (Lu et al. 2022, arXiv
 * 2206.00927 and 2211.01095): DPM++ 2M, 2M SDE, 3M. diffusers: DPMSolverMultistepScheduler.
 */
export async function sampleDpmSolverMultistep(run: SamplerRun): Promise<Float32Array> {
  const { options } = run;
  const { levels } = run.schedule;
  /** Newest first. */
  const values: Float32Array[] = [];
  let latents = run.latents;
  for (let index = run.begin; index + 1 < levels.length; index++) {
    values.unshift(await evaluate(run, latents, levels[index]!));
    if (values.length > 3) values.pop();
    const noise = isStochastic(options) ? run.noise(latents.length) : undefined;
    const order = Math.min(values.length, orderLimit(run, index));
    latents = multistepUpdate(run, { latents, values, noise, levels, index, order });
    await run.onCall(latents);
  }
  return latents;
}

/**
 * The order that is allowed at a step: the last ones are kept low when there are few, and always when they
 * end at sigma 0.
 */
function orderLimit({ options, schedule }: SamplerRun, index: number): number {
  const count = schedule.levels.length - 1;
  const lowersFinal = options.lower_order_final && count < 15;
  if (index === count - 1) {
    if (options.euler_at_final || lowersFinal || options.final_sigmas_type === 'zero') return 1;
  }
  if (index === count - 2 && lowersFinal) return Math.min(2, options.solver_order);
  return options.solver_order;
}

interface Update {
  readonly latents: Float32Array;
  readonly values: readonly Float32Array[];
  readonly noise: Float32Array | undefined;
  readonly levels: readonly NoiseLevel[];
  readonly index: number;
  readonly order: number;
}

function multistepUpdate({ options }: SamplerRun, update: Update): Float32Array {
  const { latents, noise, levels, index, order } = update;
  const [newest, older, oldest] = update.values;
  const weights = stepWeights(options, levels[index]!, levels[index + 1]!);
  const base = [
    [weights.latents, latents],
    [weights.noise, noise],
  ] as const;
  if (order === 1) return weightedSum(...base, [weights.value, newest]);
  const h = halfLogSnr(levels[index + 1]!) - halfLogSnr(levels[index]!);
  const r0 = (halfLogSnr(levels[index]!) - halfLogSnr(levels[index - 1]!)) / h;
  if (order === 2) {
    const slope = (isHeun(options) ? weights.slope : weights.midpointSlope) / r0;
    return weightedSum(...base, [weights.value + slope, newest], [-slope, older]);
  }
  const r1 = (halfLogSnr(levels[index - 1]!) - halfLogSnr(levels[index - 2]!)) / h;
  // Newton's divided differences: slope = d0 + r0 / (r0 + r1) * (d0 - d1), curvature = (d0 - d1) / (r0 + r1).
  const difference = (weights.slope * r0 + weights.curvature) / (r0 + r1);
  const d0 = (weights.slope + difference) / r0;
  const d1 = -difference / r1;
  return weightedSum(...base, [weights.value + d0, newest], [d1 - d0, older], [-d1, oldest]);
}
