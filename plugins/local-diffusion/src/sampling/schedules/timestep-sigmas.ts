import { linspace } from './linspace.js';
import type { SigmaTable } from './sigma-table.js';

interface Range {
  readonly table: SigmaTable;
}

/**
 * The timesteps between which ComfyUI and AUTOMATIC1111 space steps: those of the largest and the smallest
 * sigma of the training.
 */
function ends({ sigmas, timestepOf }: SigmaTable): [number, number] {
  return [timestepOf(sigmas[sigmas.length - 1]!), timestepOf(sigmas[0]!)];
}

/**
 * `steps` sigmas at evenly spaced timesteps, both ends of the training included: ComfyUI's and
 * AUTOMATIC1111's `normal_scheduler`.
 */
export function normalSigmas({ table }: Range, steps: number): number[] {
  return linspace(...ends(table), steps).map(table.spacedSigmaAt);
}

/**
 * The same with a step more, of which the last is left out: `sgm_uniform`, as Stability AI's
 * generative-models spaces them.
 */
export function sgmUniformSigmas({ table }: Range, steps: number): number[] {
  return linspace(...ends(table), steps + 1)
    .slice(0, -1)
    .map(table.spacedSigmaAt);
}

/**
 * Every n-th sigma of the training, from the largest one down: ComfyUI's and AUTOMATIC1111's
 * `simple_scheduler`.
 */
export function simpleSigmas({ table: { sigmas } }: Range, steps: number): number[] {
  const stride = sigmas.length / steps;
  return Array.from({ length: steps }, (_, step) => sigmas[sigmas.length - 1 - Math.trunc(step * stride)]!);
}
