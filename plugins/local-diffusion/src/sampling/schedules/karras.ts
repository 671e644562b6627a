import { linspace } from './linspace.js';

/**
 * `steps` sigmas from `max` down to `min`, equally spaced in sigma^(1/rho): Karras et al. 2022, arXiv
 * 2206.00364, equation 5.
 */
export function karrasSigmas(
  { min, max }: { readonly min: number; readonly max: number },
  steps: number,
  rho = 7,
): number[] {
  const [minRoot, maxRoot] = [min ** (1 / rho), max ** (1 / rho)];
  return linspace(0, 1, steps).map((ramp) => (maxRoot + ramp * (minRoot - maxRoot)) ** rho);
}
