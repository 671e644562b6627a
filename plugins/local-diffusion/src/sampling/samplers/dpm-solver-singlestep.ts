import { halfLogSnr, type NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import { evaluate, isHeun, isStochastic, stepWeights } from './dpm-solver.js';
import type { SamplerRun } from './sampler.js';

/**
 * DPM-Solver++ singlestep (Lu et al. 2022, arXiv 2211.01095, algorithm 1): blocks of calls of order 1, 2 ..
 * `solver_order`, each of which starts again from the latents at the block's beginning. diffusers:
 * DPMSolverSinglestepScheduler.
 */
export async function sampleDpmSolverSinglestep(run: SamplerRun): Promise<Float32Array> {
  const { options } = run;
  const { levels } = run.schedule;
  const orders = callOrders(run);
  /** Newest first. */
  const values: Float32Array[] = [];
  let latents = run.latents;
  let blockStart = latents;
  for (let index = run.begin; index + 1 < levels.length; index++) {
    values.unshift(await evaluate(run, latents, levels[index]!));
    if (values.length > options.solver_order) values.pop();
    const noise = isStochastic(options) ? run.noise(latents.length) : undefined;
    const order = Math.min(orders[index] ?? 1, values.length);
    if (order === 1) blockStart = latents;
    latents = singlestepUpdate(run, { latents: blockStart, values, noise, levels, index, order });
    await run.onCall(latents);
  }
  return latents;
}

/** The order of each call. An even end and a final sigma of zero both need the last call to be of order 1. */
function callOrders({ options, schedule }: SamplerRun): number[] {
  const count = schedule.levels.length - 1;
  const most = options.solver_order;
  const zeroEnd = options.final_sigmas_type === 'zero';
  const lowersFinal = options.lower_order_final || zeroEnd || count % most !== 0;
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
  readonly levels: readonly NoiseLevel[];
  readonly index: number;
  readonly order: number;
}

function singlestepUpdate({ options }: SamplerRun, update: Update): Float32Array {
  const { latents, values, noise, levels, index, order } = update;
  const start = levels[index - order + 1]!;
  const end = levels[index + 1]!;
  const weights = stepWeights(options, start, end);
  const base = [
    [weights.latents, latents],
    [weights.noise, noise],
  ] as const;
  const first = values[order - 1]!;
  if (order === 1) return weightedSum(...base, [weights.value, first]);
  const newest = values[0]!;
  const h = halfLogSnr(end) - halfLogSnr(start);
  const r0 = (halfLogSnr(levels[index]!) - halfLogSnr(start)) / h;
  if (order === 2 || !isHeun(options)) {
    const slope = (order === 2 && !isHeun(options) ? weights.midpointSlope : weights.slope) / r0;
    return weightedSum(...base, [weights.value - slope, first], [slope, newest]);
  }
  const r1 = (halfLogSnr(levels[index - 1]!) - halfLogSnr(start)) / h;
  // slope = (r0 * d1 - r1 * d0) / (r0 - r1), curvature = 2 * (d0 - d1) / (r0 - r1), d0 and d1 being
  // differences to `first`.
  const d1 = (weights.slope * r0 - 2 * weights.curvature) / (r0 - r1) / r1;
  const d0 = (2 * weights.curvature - weights.slope * r1) / (r0 - r1) / r0;
  return weightedSum(...base, [weights.value - d0 - d1, first], [d1, values[1]], [d0, newest]);
}
