import type { NoiseLevel } from '../parameterization/noise-level.js';
import { rungeKuttaCalls } from '../schedules/pndm-timesteps.js';
import { weightedSum } from '../weighted-sum.js';
import { noiseIn, type SamplerRun } from './sampler.js';

/**
 * PNDM (Liu et al. 2022, arXiv 2202.09778): linear multistep (PLMS), started by a second call at the second
 * timestep or, if `skip_prk_steps` is off, by three Runge-Kutta steps. Like diffusers' it extrapolates the
 * network's own outputs. Stable Diffusion 1's own sampler. diffusers: PNDMScheduler.
 */
export async function samplePndm(run: SamplerRun): Promise<Float32Array> {
  const { levels, levelAt, stride } = run.schedule;
  const startCalls = run.options.skip_prk_steps ? 0 : rungeKuttaCalls;
  const outputs: Float32Array[] = [];
  let latents = run.latents;
  let stepStart = latents;
  let accumulated: Float32Array | undefined;
  for (const [call, level] of levels.slice(run.begin, -1).entries()) {
    const { timestep } = level;
    const output = run.prediction.output(latents, await run.denoise(latents, level), level);
    if (call < startCalls) {
      const stage = call % 4;
      if (stage === 0) {
        outputs.push(output);
        stepStart = latents;
        accumulated = undefined;
      }
      const weight = stage === 0 || stage === 3 ? 1 / 6 : 1 / 3;
      accumulated = weightedSum([weight, output], [1, accumulated]);
      const from = levels[Math.floor(call / 4) * 4]!;
      const to = levelAt(timestep - (call % 2 === 0 ? Math.floor(stride / 2) : 0));
      latents = transfer(run, stepStart, stage === 3 ? accumulated : output, { from, to });
    } else if (call === 1) {
      const mean = weightedSum([0.5, output], [0.5, outputs.at(-1)]);
      latents = transfer(run, stepStart, mean, { from: levelAt(timestep + stride), to: level });
    } else {
      if (call === 0) stepStart = latents;
      outputs.push(output);
      if (outputs.length > 4) outputs.shift();
      latents = transfer(run, latents, extrapolate(outputs), { from: level, to: levelAt(timestep - stride) });
    }
    await run.onCall(latents);
  }
  return latents;
}

/** Adams-Bashforth of as many outputs as there are, up to the fourth order. */
function extrapolate(outputs: readonly Float32Array[]): Float32Array {
  const weights = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];
  const newestFirst = [...outputs].reverse();
  return weightedSum(...newestFirst.map((output, i) => [weights[outputs.length - 1]![i]!, output] as const));
}

/**
 * Moves latents from one level to another along a network's output: equation 11 of the paper, which is DDIM's
 * step.
 */
function transfer(
  { prediction }: SamplerRun,
  latents: Float32Array,
  output: Float32Array,
  { from, to }: { readonly from: NoiseLevel; readonly to: NoiseLevel },
): Float32Array {
  const denoised = prediction.denoised(latents, output, from);
  return weightedSum([to.alpha, denoised], [to.sigma, noiseIn(latents, denoised, from)]);
}
