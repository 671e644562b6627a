import { weightedSum } from '../weighted-sum.js';
import { isStochastic, solvedFor, stepWeights, usesHeun } from './dpm-solver.js';
import type { SamplerRun } from './sampler.js';
import { predictAt, type SolverLevel, solverLevel } from './solver-level.js';

/**
 * DPM-Solver++ singlestep (Lu et al. 2022, arXiv 2211.01095, algorithm 1): blocks of calls of order 1, 2 .. `solver_order`, each
 * of which starts again from the latents at the block's beginning. diffusers: DPMSolverSinglestepScheduler.
 */
export async function sampleDpmSolverSinglestep(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  const levels = Array.from(schedule.sigmas, (sigma) => solverLevel(config, sigma));
  const orders = callOrders(run);
  /** Newest first. */
  const values: Float32Array[] = [];
  let latents = run.latents;
  let blockStart = latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    values.unshift(solvedFor(config, await predictAt(run, latents, index, levels[index]!)));
    if (values.length > config.solver_order) values.pop();
    const noise = isStochastic(config) ? run.noise(latents.length) : undefined;
    const order = Math.min(orders[index] ?? 1, values.length);
    if (order === 1) blockStart = latents;
    latents = singlestepUpdate(run, { latents: blockStart, values, noise, levels, index, order });
    await run.onCall(latents);
  }
  return latents;
}

/** The order of each call. An even end and a final sigma of zero both need the last call to be of order 1. */
function callOrders({ config, schedule }: SamplerRun): number[] {
  const count = schedule.timesteps.length;
  const most = config.solver_order;
  const zeroEnd = config.final_sigmas_type === 'zero';
  const lowersFinal = config.lower_order_final || zeroEnd || count % most !== 0;
  const block = [1, 2, 3].slice(0, most);
  const orders = Array.from({ length: count }, (_, i) => block[i % most]!);
  if (lowersFinal && most > 1 && count % most === 0) {
    // The last block gives way to a shorter one and a single call.
    orders.splice(count - most, most, ...block.slice(0, -1), 1);
  }
  if (zeroEnd) orders[count - 1] = 1;
  return orders;
}

interface Update {
  /** Latents at the beginning of the block. */
  readonly latents: Float32Array;
  readonly values: readonly Float32Array[];
  readonly noise: Float32Array | undefined;
  readonly levels: readonly SolverLevel[];
  readonly index: number;
  readonly order: number;
}

function singlestepUpdate({ config }: SamplerRun, update: Update): Float32Array {
  const { latents, values, noise, levels, index, order } = update;
  const start = levels[index - order + 1]!;
  const end = levels[index + 1]!;
  const weights = stepWeights(config, start, end);
  const base = [
    [weights.latents, latents],
    [weights.noise, noise],
  ] as const;
  const first = values[order - 1]!;
  if (order === 1) return weightedSum(...base, [weights.value, first]);
  const newest = values[0]!;
  const h = end.lambda - start.lambda;
  const r0 = (levels[index]!.lambda - start.lambda) / h;
  if (order === 2 || !usesHeun(config)) {
    const slope = (order === 2 && !usesHeun(config) ? weights.midpointSlope : weights.slope) / r0;
    return weightedSum(...base, [weights.value - slope, first], [slope, newest]);
  }
  const r1 = (levels[index - 1]!.lambda - start.lambda) / h;
  // slope = (r0 * d1 - r1 * d0) / (r0 - r1), curvature = 2 * (d0 - d1) / (r0 - r1), d0 and d1 being differences to `first`.
  const d1 = (weights.slope * r0 - 2 * weights.curvature) / (r0 - r1) / r1;
  const d0 = (2 * weights.curvature - weights.slope * r1) / (r0 - r1) / r0;
  return weightedSum(...base, [weights.value - d0 - d1, first], [d1, values[1]], [d0, newest]);
}
