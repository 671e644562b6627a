import { linspace } from './linspace.js';
import type { SigmaTable } from './sigma-table.js';

/**
 * `steps` sigmas equally spaced in arctan(sigma) over all that the model was trained on: the schedule that is
 * optimal in the Kullback-Leibler divergence for data around one point (Sabour et al. 2024, "Align Your
 * Steps", arXiv 2404.14507, section 3.3). As ComfyUI has it, with a step to no noise at the end;
 * AUTOMATIC1111's ends at the smallest sigma.
 */
export function klOptimalSigmas(
  { table: { sigmas } }: { readonly table: SigmaTable },
  steps: number,
): number[] {
  const [min, max] = [sigmas[0]!, sigmas[sigmas.length - 1]!];
  return linspace(Math.atan(max), Math.atan(min), steps).map(Math.tan);
}
