import { symmetricBetaQuantile } from './beta-distribution.js';
import { linspace } from './linspace.js';

/**
 * `steps` sigmas from `max` down to `min` at the quantiles of the beta(0.6, 0.6) distribution: Lee et al.
 * 2024, "Beta Sampling is All You Need", arXiv 2407.12173, in sigma as diffusers has it.
 */
export function betaSigmas(
  { min, max }: { readonly min: number; readonly max: number },
  steps: number,
): number[] {
  return linspace(0, 1, steps).map((x) => min + symmetricBetaQuantile(1 - x, 0.6) * (max - min));
}
