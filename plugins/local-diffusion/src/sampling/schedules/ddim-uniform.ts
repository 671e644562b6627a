import type { SigmaTable } from './sigma-table.js';

/**
 * Every n-th sigma of the training, from its second smallest up, so that there can be more than `steps`:
 * ComfyUI's and AUTOMATIC1111's `ddim_scheduler`.
 */
export function ddimUniformSigmas(
  { table: { sigmas } }: { readonly table: SigmaTable },
  steps: number,
): number[] {
  const stride = Math.max(Math.floor(sigmas.length / steps), 1);
  return Array.from(sigmas)
    .filter((_, i) => i > 0 && (i - 1) % stride === 0)
    .reverse();
}
