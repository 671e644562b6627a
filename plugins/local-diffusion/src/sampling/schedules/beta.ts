import { roundHalfToEven } from '../rounding.js';
import { symmetricBetaQuantile } from './beta-distribution.js';
import { linspace } from './linspace.js';
import type { SigmaTable } from './sigma-table.js';

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

/**
 * The sigmas of the training at those quantiles of its timesteps, as ComfyUI's `beta_scheduler` has it:
 * where two steps fall on one timestep there is one step less.
 */
export function betaTimestepSigmas({ table: { sigmas } }: { readonly table: SigmaTable }, steps: number) {
  const places = Array.from({ length: steps }, (_, step) =>
    roundHalfToEven(symmetricBetaQuantile(1 - step / steps, 0.6) * (sigmas.length - 1)),
  );
  return [...new Set(places)].map((place) => sigmas[place]!);
}
