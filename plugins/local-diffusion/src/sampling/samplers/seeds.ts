import { halfLogSnr, type NoiseLevel, sigmaOfRatio } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * A stage of a step: what the denoised images of the calls before it count, in their order.
 *
 * @param h what the whole step goes in the stochastic equation's time: twice its way in log(alpha / sigma)
 */
type Stage = (h: number) => readonly number[];

/** h phi1(h) and h phi2(h) of exponential integrators. */
const [phi1, phi2] = [(h: number) => Math.expm1(h), (h: number) => (Math.expm1(h) - h) / h];

/** Stages with one value more than the one before them, at a share of the step. */
const withSlope = (share: number, slopeAt: number, isLast: boolean): Stage => {
  return (h) => {
    const slope = phi2(-share * h) * (share / slopeAt);
    const first = phi1(-share * h) - slope;
    return isLast ? [first, 0, slope] : [first, slope];
  };
};

const [third, twoThirds] = [1 / 3, 2 / 3];
const ofTwo: readonly Stage[] = [(h) => [phi1(-h / 2)], (h) => [0, phi1(-h)]];
const ofThree: readonly Stage[] = [
  (h) => [phi1(-third * h)],
  withSlope(twoThirds, third, false),
  withSlope(1, twoThirds, true),
];

/**
 * SEEDS with two stages a step, the second half-way (Gonzalez et al. 2023, arXiv 2305.14267; ComfyUI's
 * `sample_seeds_2`).
 */
export const sampleSeeds2 = (run: SamplerRun): Promise<Float32Array> => sampleStages(run, ofTwo);

/** The same with three, at a third and at two thirds (ComfyUI's `sample_seeds_3`). */
export const sampleSeeds3 = (run: SamplerRun): Promise<Float32Array> => sampleStages(run, ofThree);

/** The sigmas of the later calls: at a share of the step in log(alpha / sigma). */
const at = (share: number) => (from: NoiseLevel, to: NoiseLevel) =>
  sigmaOfRatio(Math.exp(-((1 - share) * halfLogSnr(from) + share * halfLogSnr(to))), from);
export const seeds2SecondSigma = at(1 / 2);
export const seeds3LaterSigmas = [at(third), at(twoThirds)] as const;

/**
 * Stochastic explicit exponential derivative-free solvers: each stage starts from the step's beginning, with
 * the noise of the stage before it, damped, and fresh noise for what it goes further.
 */
async function sampleStages(run: SamplerRun, stages: readonly Stage[]): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const denoised = [await run.denoise(latents, from)];
    if (to.sigma === 0) {
      latents = denoised[0]!;
      await run.onCall(latents);
      continue;
    }
    const ends = [...laterCalls[step]!, to];
    const lambdas = [from, ...ends].map(halfLogSnr);
    const h = 2 * (lambdas.at(-1)! - lambdas[0]!);
    let noise: Float32Array | undefined;
    let reached = latents;
    for (const [i, level] of ends.entries()) {
      if (i > 0) denoised.push(await run.denoise(reached, ends[i - 1]!));
      const further = lambdas[i + 1]! - lambdas[i]!;
      const fresh = run.noise(latents.length);
      noise = weightedSum([Math.exp(-further), noise], [Math.sqrt(-Math.expm1(-2 * further)), fresh]);
      const weights = stages[i]!(h);
      const share = (level.sigma / from.sigma) * Math.exp(lambdas[0]! - lambdas[i + 1]!);
      reached = weightedSum(
        [share, latents],
        ...denoised.map((each, k) => [-level.alpha * (weights[k] ?? 0), each] as const),
        [level.sigma, noise],
      );
      await run.onCall(reached);
    }
    latents = reached;
  }
  return latents;
}
