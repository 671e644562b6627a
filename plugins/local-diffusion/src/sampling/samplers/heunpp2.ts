import { weightedSum } from '../weighted-sum.js';
import { moveAlong, toDerivative } from './derivative.js';
import type { LaterCalls } from './later-calls.js';
import type { SamplerRun } from './sampler.js';

/**
 * Heun++ 2 (ComfyUI's `sample_heunpp2`): three calls a step, here, at its end and at the end of the next, two
 * in the last step but one, and one in the last. The later slopes count by their sigmas' share of the first
 * one.
 */
export async function sampleHeunpp2(run: SamplerRun): Promise<Float32Array> {
  const { levels, laterCalls } = run.schedule;
  const largest = levels[run.begin]!.sigma;
  let latents = run.latents;
  for (let step = run.begin; step + 1 < levels.length; step++) {
    const calls = [levels[step]!, ...laterCalls[step]!];
    const distance = levels[step + 1]!.sigma - levels[step]!.sigma;
    const slopes: Float32Array[] = [];
    let reached = latents;
    for (const [call, level] of calls.entries()) {
      const slope = toDerivative(reached, await run.denoise(reached, level), level.sigma);
      slopes.push(slope);
      if (call + 1 === calls.length) break;
      reached = moveAlong(reached, slope, calls[call + 1]!.sigma - level.sigma);
      await run.onCall(reached);
    }
    const shares = calls.slice(1).map(({ sigma }) => sigma / (calls.length * largest));
    const first = 1 - shares.reduce((sum, share) => sum + share, 0);
    const weights = [first, ...shares];
    latents = weightedSum(
      [1, latents],
      ...slopes.map((slope, i) => [distance * weights[i]!, slope] as const),
    );
    await run.onCall(latents);
  }
  return latents;
}

/** At the ends of the step and of the next one, as far as there is noise. */
export const heunpp2Calls: LaterCalls = (levels, step) =>
  levels.slice(step + 1, step + 3).filter((_, i) => step + i + 2 < levels.length);
