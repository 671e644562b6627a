import type { NoiseLevel } from '../parameterization/noise-level.js';
import { karrasSigmas } from '../schedules/karras.js';
import { weightedSum } from '../weighted-sum.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { SamplerRun } from './sampler.js';

/**
 * Restart (Xu et al. 2023, arXiv 2306.14878): Heun's steps, and where the levels go up again, noise up to the
 * higher one. As AUTOMATIC1111 has it (`restart_sampler`).
 */
export async function sampleRestart(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const [from, to] = [levels[step]!, levels[step + 1]!];
    const first = toDerivative(latents, await run.denoise(latents, from), from.sigma);
    const distance = to.sigma - from.sigma;
    let next = moveAlong(latents, first, distance);
    const [second] = laterCalls[step]!;
    if (second) {
      await run.onCall(next);
      const slope = toDerivative(next, await run.denoise(next, second), second.sigma);
      next = weightedSum([1, latents], [distance / 2, first], [distance / 2, slope]);
    }
    const higher = levels[step + 2];
    if (higher && higher.sigma > to.sigma) {
      const added = Math.sqrt(higher.sigma ** 2 - to.sigma ** 2);
      next = weightedSum([1, next], [added, run.noise(next.length)]);
      step += 1;
    }
    latents = next;
    await run.onCall(latents);
  }
  return latents;
}

/** From how many steps on there are how many restarts. */
function restartsOf(steps: number): { readonly times: number; readonly steps: number } | undefined {
  if (steps < 20) return undefined;
  return steps < 36 ? { times: 1, steps: 9 } : { times: 2, steps: Math.floor(steps / 4) };
}

/**
 * The levels of Restart for as many steps as a schedule has: fewer in the first pass, and from the one
 * nearest sigma 0.1 up to the one nearest 2, as often as there are restarts.
 */
export function restartLevels(
  levels: readonly NoiseLevel[],
  levelOf: (sigma: number) => NoiseLevel,
): readonly NoiseLevel[] {
  const steps = levels.length - 1;
  const restarts = restartsOf(steps);
  if (!restarts) return levels;
  const spaced = (max: number, min: number, count: number) =>
    karrasSigmas({ min, max }, count).map((sigma) => levelOf(Math.fround(sigma)));
  const pass = [
    ...spaced(levels[0]!.sigma, levels.at(-2)!.sigma, steps - restarts.times * restarts.steps),
    levels.at(-1)!,
  ];
  const [low, high] = [nearest(pass, 0.1), nearest(pass, 2)];
  if (high >= low) return pass;
  const again = spaced(pass[high]!.sigma, pass[low]!.sigma, restarts.steps + 1);
  const repeated = Array.from({ length: restarts.times }, () => again).flat();
  return [...pass.slice(0, low + 1), ...repeated, ...pass.slice(low + 1)];
}

/** The index of the level whose sigma is nearest. */
function nearest(levels: readonly NoiseLevel[], sigma: number): number {
  const distances = levels.map((level) => Math.abs(level.sigma - sigma));
  return distances.indexOf(Math.min(...distances));
}
