import type { SigmaTable } from './sigma-table.js';

/** The share of the noise that the linear steps take off. */
const linearShare = 0.025;

/**
 * The first half of the steps evenly down from the largest sigma, by a fortieth, the others along a parabola
 * that goes on from there (Genmo's Mochi; ComfyUI's `linear_quadratic_schedule`).
 */
export function linearQuadraticSigmas(
  { table: { sigmas } }: { readonly table: SigmaTable },
  steps: number,
): number[] {
  const max = sigmas[sigmas.length - 1]!;
  const linear = Math.floor(steps / 2);
  if (linear === 0) return [max];
  const curved = steps - linear;
  const slope = linearShare / linear;
  const bend = (1 - linearShare - slope * curved) / curved ** 2;
  return Array.from({ length: steps }, (_, step) => {
    const further = Math.max(step - linear, 0);
    return max * (1 - slope * step - bend * further ** 2);
  });
}
