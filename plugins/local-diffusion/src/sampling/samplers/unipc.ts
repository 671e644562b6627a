import { halfLogSnr, type NoiseLevel } from '../parameterization/noise-level.js';
import { solveLinear } from '../solve-linear.js';
import { weightedSum } from '../weighted-sum.js';
import { noiseIn, type SamplerRun } from './sampler.js';

interface Step {
  readonly from: NoiseLevel;
  readonly to: NoiseLevel;
  /** The levels before `from`, nearest first, that the order takes in. */
  readonly before: readonly NoiseLevel[];
}

/** The factors of one UniPC step; the names are the paper's. */
function stepFactors(run: SamplerRun, { from, to, before }: Step) {
  const { predict_x0: inImage, solver_type: kind } = run.options;
  const h = halfLogSnr(to) - halfLogSnr(from);
  const hh = inImage ? -h : h;
  const phi1 = Math.expm1(hh);
  const bh = kind === 'bh1' ? hh : phi1;
  const ratios = [...before.map((level) => (halfLogSnr(level) - halfLogSnr(from)) / h), 1];
  const rows: number[][] = [];
  const right: number[] = [];
  let phi = phi1 / hh - 1;
  let factorial = 1;
  for (let i = 1; i <= ratios.length; i++) {
    rows.push(ratios.map((ratio) => ratio ** (i - 1)));
    right.push((phi * factorial) / bh);
    factorial *= i + 1;
    phi = phi / hh - 1 / factorial;
  }
  const scale = inImage ? to.alpha : to.sigma;
  return {
    latents: inImage ? to.sigma / from.sigma : to.alpha / from.alpha,
    value: -scale * phi1,
    difference: -scale * bh,
    ratios,
    rows,
    right,
  };
}

/** UniP: the next latents from the predictions so far, newest first. */
function predict(run: SamplerRun, latents: Float32Array, values: readonly Float32Array[], step: Step) {
  const factors = stepFactors(run, step);
  const count = step.before.length;
  const rhos =
    count === 1
      ? [0.5]
      : solveLinear(
          factors.rows.slice(0, count).map((row) => row.slice(0, count)),
          factors.right.slice(0, count),
        );
  const weights = rhos.map((rho, i) => (factors.difference * rho) / factors.ratios[i]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weightedSum(
    [factors.latents, latents],
    [factors.value - total, values[0]],
    ...weights.map((weight, i) => [weight, values[i + 1]] as const),
  );
}

/** UniC: the same step once more, with the prediction at its end known too. */
function correct(
  run: SamplerRun,
  latents: Float32Array,
  values: readonly Float32Array[],
  step: Step,
  reached: Float32Array,
) {
  const factors = stepFactors(run, step);
  const count = step.before.length;
  const rhos = count === 0 ? [0.5] : solveLinear(factors.rows, factors.right);
  const weights = rhos.map((rho, i) => (factors.difference * rho) / factors.ratios[i]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weightedSum(
    [factors.latents, latents],
    [factors.value - total, values[0]],
    ...weights.slice(0, -1).map((weight, i) => [weight, values[i + 1]] as const),
    [weights.at(-1)!, reached],
  );
}

/**
 * UniPC (Zhao et al. 2023, arXiv 2302.04867): a predictor and a corrector that needs no call of its own, of
 * order 1 to 3. diffusers: UniPCMultistepScheduler.
 */
export async function sampleUniPc(run: SamplerRun): Promise<Float32Array> {
  const { options } = run;
  const { levels } = run.schedule;
  const stepAt = (index: number, order: number): Step => ({
    from: levels[index]!,
    to: levels[index + 1]!,
    before: Array.from({ length: order - 1 }, (_, i) => levels[index - 1 - i]!),
  });
  /** Newest first. */
  const values: Float32Array[] = [];
  let latents = run.latents;
  let previous: { readonly latents: Float32Array; readonly order: number } | undefined;
  for (let index = run.begin; index + 1 < levels.length; index++) {
    const denoised = run.limit(await run.denoise(latents, levels[index]!));
    const value = options.predict_x0 ? denoised : noiseIn(latents, denoised, levels[index]!);
    if (previous && !options.disable_corrector.includes(index - 1)) {
      latents = correct(run, previous.latents, values, stepAt(index - 1, previous.order), value);
    }
    values.unshift(value);
    values.length = Math.min(values.length, options.solver_order);
    const left = options.lower_order_final ? levels.length - 1 - index : options.solver_order;
    // At sigma 0 lambda is infinite and only the first order has a value.
    const order = levels[index + 1]!.sigma === 0 ? 1 : Math.min(values.length, left);
    previous = { latents, order };
    latents = predict(run, latents, values, stepAt(index, order));
    await run.onCall(latents);
  }
  return latents;
}
