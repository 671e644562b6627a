import { rungeKuttaCalls } from '../schedules/discrete-schedule.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/**
 * PNDM (Liu et al. 2022, arXiv 2202.09778): linear multistep (PLMS), started by a second call at the second timestep or, if
 * `skip_prk_steps` is off, by three Runge-Kutta steps. Stable Diffusion 1's own sampler. diffusers: PNDMScheduler.
 */
export async function samplePndm(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  const startCalls = config.skip_prk_steps ? 0 : rungeKuttaCalls;
  const stride = Math.floor(config.num_train_timesteps / run.steps);
  const outputs: Float32Array[] = [];
  let latents = run.latents;
  let stepStart = latents;
  let accumulated: Float32Array | undefined;
  for (const [call, timestep] of schedule.timesteps.slice(run.begin).entries()) {
    const output = await run.denoise(latents, timestep);
    if (call < startCalls) {
      const stage = call % 4;
      if (stage === 0) {
        outputs.push(output);
        stepStart = latents;
        accumulated = undefined;
      }
      const weight = stage === 0 || stage === 3 ? 1 / 6 : 1 / 3;
      accumulated = weightedSum([weight, output], [1, accumulated]);
      const from = schedule.timesteps[Math.floor(call / 4) * 4]!;
      const to = timestep - (call % 2 === 0 ? Math.floor(stride / 2) : 0);
      latents = transfer(run, stepStart, stage === 3 ? accumulated : output, { from, to });
    } else if (call === 1) {
      const mean = weightedSum([0.5, output], [0.5, outputs.at(-1)]);
      latents = transfer(run, stepStart, mean, { from: timestep + stride, to: timestep });
    } else {
      if (call === 0) stepStart = latents;
      outputs.push(output);
      if (outputs.length > 4) outputs.shift();
      latents = transfer(run, latents, extrapolate(outputs), { from: timestep, to: timestep - stride });
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

/** Equation 11 of the paper: moves latents from one timestep to another along the given output. */
function transfer(
  run: SamplerRun,
  latents: Float32Array,
  output: Float32Array,
  { from, to }: { readonly from: number; readonly to: number },
): Float32Array {
  const { alphasCumprod, finalAlphaCumprod } = run.schedule;
  const alpha = alphasCumprod[from] ?? alphasCumprod.at(-1)!;
  const next = alphasCumprod[to] ?? finalAlphaCumprod;
  const denominator = alpha * Math.sqrt(1 - next) + Math.sqrt(alpha * (1 - alpha) * next);
  const noiseWeight = -(next - alpha) / denominator;
  const kept = Math.sqrt(next / alpha);
  if (run.config.prediction_type === 'epsilon') return weightedSum([kept, latents], [noiseWeight, output]);
  return weightedSum(
    [kept + noiseWeight * Math.sqrt(1 - alpha), latents],
    [noiseWeight * Math.sqrt(alpha), output],
  );
}
