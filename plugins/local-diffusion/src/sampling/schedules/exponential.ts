import { linspace } from './linspace.js';

/** `steps` sigmas from `max` down to `min`, equally spaced in log(sigma). */
export function exponentialSigmas(
  { min, max }: { readonly min: number; readonly max: number },
  steps: number,
): number[] {
  return linspace(Math.log(max), Math.log(min), steps).map(Math.exp);
}
