import { linspace } from './linspace.js';

/**
 * `steps` sigmas between those that were found to be best for a kind of model, interpolated in log(sigma):
 * Sabour et al. 2024, "Align Your Steps", arXiv 2404.14507, section 4. As AUTOMATIC1111 has it.
 */
export function alignedSigmas(
  { alignedSigmas: best }: { readonly alignedSigmas?: readonly number[] | undefined },
  steps: number,
): number[] {
  if (!best) throw new Error('the model has no sigmas for this schedule');
  return linspace(0, best.length - 1, steps).map((at) => {
    const below = Math.min(Math.floor(at), best.length - 2);
    const [from, to] = [Math.log(best[below]!), Math.log(best[below + 1]!)];
    return Math.exp(from + (to - from) * (at - below));
  });
}
