import { moveAlong, readOriginal, toDerivative } from '../parameterization/prediction.js';
import { ancestralStep, middleSigma } from '../schedules/sigma-schedule.js';
import { weightedSum } from '../weighted-sum.js';
import { scaleInput } from './euler.js';
import type { SamplerRun } from './sampler.js';

/** d(latents)/d(sigma) at a sigma, from one network call there. */
async function derivativeAt(
  run: SamplerRun,
  latents: Float32Array,
  sigma: number,
  call: number,
): Promise<Float32Array> {
  const output = await run.denoise(scaleInput(latents, sigma), run.schedule.timesteps[call]!);
  return toDerivative(latents, readOriginal(run.config, latents, output, sigma), sigma);
}

/** Heun's method (Karras et al. 2022, algorithm 1): two calls a step, one in the last. diffusers: HeunDiscreteScheduler. */
export async function sampleHeun(run: SamplerRun): Promise<Float32Array> {
  const { sigmas, timesteps } = run.schedule;
  let latents = run.latents;
  for (let call = run.begin; call < timesteps.length; call += 2) {
    const [from, to] = [sigmas[call / 2]!, sigmas[call / 2 + 1]!];
    const first = await derivativeAt(run, latents, from, call);
    const euler = moveAlong(latents, first, to - from);
    await run.onCall(euler);
    if (call + 1 === timesteps.length) return euler;
    const second = await derivativeAt(run, euler, to, call + 1);
    latents = weightedSum([1, latents], [(to - from) / 2, first], [(to - from) / 2, second]);
    await run.onCall(latents);
  }
  return latents;
}

/** DPM-Solver-2 (k-diffusion's `sample_dpm_2`): the second call half-way in log(sigma). diffusers: KDPM2DiscreteScheduler. */
export async function sampleDpm2(run: SamplerRun): Promise<Float32Array> {
  const { sigmas, timesteps } = run.schedule;
  let latents = run.latents;
  for (let call = run.begin; call < timesteps.length; call += 2) {
    const [from, to] = [sigmas[call / 2]!, sigmas[call / 2 + 1]!];
    const middle = middleSigma(from, to);
    const first = await derivativeAt(run, latents, from, call);
    const halfWay = moveAlong(latents, first, middle - from);
    await run.onCall(halfWay);
    if (call + 1 === timesteps.length) return halfWay;
    const second = await derivativeAt(run, halfWay, middle, call + 1);
    latents = moveAlong(latents, second, to - from);
    await run.onCall(latents);
  }
  return latents;
}

/** DPM-Solver-2 with ancestral noise (k-diffusion's `sample_dpm_2_ancestral`). diffusers: KDPM2AncestralDiscreteScheduler. */
export async function sampleDpm2Ancestral(run: SamplerRun): Promise<Float32Array> {
  const { sigmas, timesteps } = run.schedule;
  let latents = run.latents;
  for (let call = run.begin; call < timesteps.length; call += 2) {
    const from = sigmas[call / 2]!;
    const { down, up } = ancestralStep(from, sigmas[call / 2 + 1]!);
    const middle = middleSigma(from, down);
    const first = await derivativeAt(run, latents, from, call);
    const halfWay = moveAlong(latents, first, middle - from);
    await run.onCall(halfWay);
    if (call + 1 === timesteps.length) return halfWay;
    const second = await derivativeAt(run, halfWay, middle, call + 1);
    latents = weightedSum([1, moveAlong(latents, second, down - from)], [up, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}
