import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { symmetricBetaQuantile } from './beta-distribution.js';
import { linspace } from './linspace.js';

/** sigma = sqrt((1 - alphaCumprod) / alphaCumprod) of every training timestep, ascending, in float32 as diffusers has it. */
export function sigmaTable(alphasCumprod: Float32Array): Float32Array {
  return alphasCumprod.map((alpha) => Math.sqrt(Math.fround(Math.fround(1 - alpha) / alpha)));
}

/** The table's value at a timestep that need not be whole (`numpy.interp`). */
export function interpolateSigma(table: Float32Array, timestep: number): number {
  const at = Math.min(Math.max(timestep, 0), table.length - 1);
  const below = Math.min(Math.floor(at), table.length - 2);
  const low = table[below]!;
  return low + (table[below + 1]! - low) * (at - below);
}

/** The timestep, not whole, at which the table has `sigma`; interpolated in log(sigma), limited to the table's ends. */
export function timestepOfSigma(sigma: number, logSigmas: Float32Array): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10));
  let below = 0;
  let above = logSigmas.length;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (logSigmas[middle]! <= logSigma) below = middle;
    else above = middle;
  }
  below = Math.min(below, logSigmas.length - 2);
  const low = logSigmas[below]!;
  const weight = Math.min(Math.max((low - logSigma) / (low - logSigmas[below + 1]!), 0), 1);
  return (1 - weight) * below + weight * (below + 1);
}

export type SigmaSpacing = 'karras' | 'exponential' | 'beta';

/** Which of the spacings in sigma the configuration asks for; undefined means that sigmas follow from timesteps. */
export function sigmaSpacing(config: SchedulerConfig): SigmaSpacing | undefined {
  if (config.use_karras_sigmas) return 'karras';
  if (config.use_exponential_sigmas) return 'exponential';
  return config.use_beta_sigmas ? 'beta' : undefined;
}

/** `steps` sigmas from `max` down to `min`, equally spaced in sigma^(1/rho): Karras et al. 2022, equation 5. */
export function karrasSigmas(min: number, max: number, steps: number, rho = 7): number[] {
  const [minRoot, maxRoot] = [min ** (1 / rho), max ** (1 / rho)];
  return linspace(0, 1, steps).map((ramp) => (maxRoot + ramp * (minRoot - maxRoot)) ** rho);
}

/** `steps` sigmas from `max` down to `min`, equally spaced in log(sigma). */
export function exponentialSigmas(min: number, max: number, steps: number): number[] {
  return linspace(Math.log(max), Math.log(min), steps).map(Math.exp);
}

/** `steps` sigmas from `max` down to `min` at the quantiles of the beta(0.6, 0.6) distribution: "Beta Sampling is All You Need". */
export function betaSigmas(min: number, max: number, steps: number): number[] {
  return linspace(0, 1, steps).map((x) => min + symmetricBetaQuantile(1 - x, 0.6) * (max - min));
}

/**
 * `steps` sigmas of a spacing between the limits of the model; `sigma_min` and `sigma_max` of the configuration come first.
 * @param limits the smallest and the largest sigma of the class's plain schedule.
 */
export function spaceSigmas(
  config: SchedulerConfig,
  spacing: SigmaSpacing,
  limits: { readonly min: number; readonly max: number },
  steps: number,
): number[] {
  const [min, max] = [config.sigma_min ?? limits.min, config.sigma_max ?? limits.max];
  const functions = { karras: karrasSigmas, exponential: exponentialSigmas, beta: betaSigmas };
  return functions[spacing](min, max, steps);
}
