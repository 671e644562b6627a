import { weightedSum } from '../weighted-sum.js';
import { isStochastic, solvedFor, stepWeights, usesHeun } from './dpm-solver.js';
import type { SamplerRun } from './sampler.js';
import { predictAt, type SolverLevel, solverLevel } from './solver-level.js';

/**
 * DPM-Solver and DPM-Solver++, multistep, of order 1 to 3, deterministic or stochastic (Lu et al. 2022, arXiv 2206.00927 and
 * 2211.01095): DPM++ 2M, 2M SDE, 3M. diffusers: DPMSolverMultistepScheduler.
 */
export async function sampleDpmSolverMultistep(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  const levels = Array.from(schedule.sigmas, (sigma) => solverLevel(config, sigma));
  /** Newest first. */
  const values: Float32Array[] = [];
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    values.unshift(solvedFor(config, await predictAt(run, latents, index, levels[index]!)));
    if (values.length > 3) values.pop();
    const noise = isStochastic(config) ? run.noise(latents.length) : undefined;
    const order = Math.min(values.length, orderLimit(run, index));
    latents = multistepUpdate(run, { latents, values, noise, levels, index, order });
    await run.onCall(latents);
  }
  return latents;
}

/** The order that is allowed at a step: the last ones are kept low when there are few, and always when they end at sigma 0. */
function orderLimit({ config, schedule }: SamplerRun, index: number): number {
  const count = schedule.timesteps.length;
  const lowersFinal = config.lower_order_final && count < 15;
  if (index === count - 1) {
    if (config.euler_at_final || lowersFinal || config.final_sigmas_type === 'zero') return 1;
  }
  if (index === count - 2 && lowersFinal) return Math.min(2, config.solver_order);
  return config.solver_order;
}

interface Update {
  readonly latents: Float32Array;
  readonly values: readonly Float32Array[];
  readonly noise: Float32Array | undefined;
  readonly levels: readonly SolverLevel[];
  readonly index: number;
  readonly order: number;
}

function multistepUpdate({ config }: SamplerRun, update: Update): Float32Array {
  const { latents, noise, levels, index, order } = update;
  const [newest, older, oldest] = update.values;
  const weights = stepWeights(config, levels[index]!, levels[index + 1]!);
  const base = [
    [weights.latents, latents],
    [weights.noise, noise],
  ] as const;
  if (order === 1) return weightedSum(...base, [weights.value, newest]);
  const h = levels[index + 1]!.lambda - levels[index]!.lambda;
  const r0 = (levels[index]!.lambda - levels[index - 1]!.lambda) / h;
  if (order === 2) {
    const slope = (usesHeun(config) ? weights.slope : weights.midpointSlope) / r0;
    return weightedSum(...base, [weights.value + slope, newest], [-slope, older]);
  }
  const r1 = (levels[index - 1]!.lambda - levels[index - 2]!.lambda) / h;
  // Newton's divided differences: slope = d0 + r0 / (r0 + r1) * (d0 - d1), curvature = (d0 - d1) / (r0 + r1).
  const difference = (weights.slope * r0 + weights.curvature) / (r0 + r1);
  const d0 = (weights.slope + difference) / r0;
  const d1 = -difference / r1;
  return weightedSum(...base, [weights.value + d0, newest], [d1 - d0, older], [-d1, oldest]);
}
