import { halfLogSnr, type NoiseLevel } from '../parameterization/noise-level.js';
import { weightedSum } from '../weighted-sum.js';
import type { LaterCalls } from './later-calls.js';
import type { SamplerRun } from './sampler.js';
import { adamsWeights } from './stochastic-adams.js';

const predictorOrder = 3;
const correctorOrder = 4;

/** The shares of the training's times between which noise is added. */
const noisyFrom = 0.2;
const noisyTo = 0.8;

/**
 * SA-Solver: predict, evaluate, correct (Xue et al. 2023, arXiv 2309.05019; ComfyUI's `sample_sa_solver`).
 */
export const sampleSaSolver = (run: SamplerRun): Promise<Float32Array> => sampleAdams(run, false);

/** The same with a second call a step, on what was corrected (ComfyUI's `sample_sa_solver_pece`). */
export const sampleSaSolverPece = (run: SamplerRun): Promise<Float32Array> => sampleAdams(run, true);

/** At the step's own level once more; the first step corrects nothing. */
export const saSolverPeceCalls: LaterCalls = (levels, step, _levelOf, begin) =>
  step === begin ? [] : [levels[step]!];

/** A stochastic Adams method with a predictor of order 3 and a corrector of order 4. */
async function sampleAdams(run: SamplerRun, evaluatesCorrected: boolean): Promise<Float32Array> {
  const { levels, sigmaAfter } = run.schedule;
  const [noisiest, cleanest] = [sigmaAfter(noisyFrom), sigmaAfter(noisyTo)];
  const end = levels.length - 1;
  /** Of the calls up to now, oldest first. */
  const known: { denoised: Float32Array; readonly level: NoiseLevel }[] = [];
  let [latents, predicted] = [run.latents, run.latents];
  let last: Step | undefined;
  for (let step = run.begin; step < end; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const newest = { denoised: await run.denoise(predicted, from), level: from };
    known.push(newest);
    known.splice(0, known.length - correctorOrder);
    const corrects = last && (to.sigma > 0 || evaluatesCorrected);
    if (last && corrects) {
      latents = go(latents, last, known.slice(-Math.min(correctorOrder, end - step)));
      if (evaluatesCorrected) {
        await run.onCall(latents);
        newest.denoised = await run.denoise(latents, from);
      }
    } else {
      latents = predicted;
    }
    if (to.sigma === 0) {
      predicted = newest.denoised;
    } else {
      const isNoisy = to.sigma <= noisiest && to.sigma >= cleanest;
      last = { from, to, noise: isNoisy ? run.noise(latents.length) : undefined };
      predicted = go(latents, last, known.slice(-Math.min(predictorOrder, end - 1 - step)));
    }
    await run.onCall(predicted);
  }
  return predicted;
}

interface Step {
  readonly from: NoiseLevel;
  readonly to: NoiseLevel;
  /** Unit noise. Absent: the step is deterministic. */
  readonly noise: Float32Array | undefined;
}

/** A step, by what the network saw at some levels. */
function go(
  latents: Float32Array,
  { from, to, noise }: Step,
  known: readonly { readonly denoised: Float32Array; readonly level: NoiseLevel }[],
): Float32Array {
  const tau = noise ? 1 : 0;
  const h = halfLogSnr(to) - halfLogSnr(from);
  const places = known.map(({ level }) => halfLogSnr(level) - halfLogSnr(to));
  const weights = adamsWeights(places, h, tau);
  return weightedSum(
    [(to.sigma / from.sigma) * Math.exp(-(tau ** 2) * h), latents],
    ...known.map(({ denoised }, i) => [to.alpha * weights[i]!, denoised] as const),
    [to.sigma * Math.sqrt(-Math.expm1(-2 * tau ** 2 * h)), noise],
  );
}
