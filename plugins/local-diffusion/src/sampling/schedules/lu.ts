import { linspace } from './linspace.js';
import type { SigmaTable } from './sigma-table.js';

/**
 * `steps` sigmas equally spaced in log(sigma) over all that the model was trained on, whatever `sigma_min`
 * and `sigma_max` say (Lu et al. 2022, arXiv 2206.00927; diffusers' `use_lu_lambdas`). The limits are float32
 * numbers, as there.
 */
export function luSigmas({ table }: { readonly table: SigmaTable }, steps: number): number[] {
  const [max, min] = [Math.fround(Math.log(table.max)), Math.fround(Math.log(table.min))];
  return linspace(max, min, steps).map(Math.exp);
}
