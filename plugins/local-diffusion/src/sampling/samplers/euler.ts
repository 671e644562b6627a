import { moveAlong, readOriginal, toDerivative } from '../parameterization/prediction.js';
import { ancestralStep } from '../schedules/sigma-schedule.js';
import { weightedSum } from '../weighted-sum.js';
import type { SamplerRun } from './sampler.js';

/** Latents as the network takes them in k-diffusion's scale: unit variance instead of sigma^2 + 1. */
export function scaleInput(latents: Float32Array, sigma: number): Float32Array {
  return weightedSum([1 / Math.sqrt(sigma ** 2 + 1), latents]);
}

/** How much a step's sigma is raised by churn (Karras et al. 2022, algorithm 2), as a factor from 1 on. */
export function churnFactor(run: SamplerRun, sigma: number): number {
  const { churn = 0, churnFrom = 0, churnTo = Number.POSITIVE_INFINITY } = run.knobs;
  if (sigma < churnFrom || sigma > churnTo) return 1;
  return 1 + Math.min(churn / (run.schedule.sigmas.length - 1), Math.SQRT2 - 1);
}

/** Latents with the noise added that raises `sigma` to `raised`; the same latents if it does not. */
export function churnLatents(
  run: SamplerRun,
  latents: Float32Array,
  sigma: number,
  raised: number,
): Float32Array {
  if (raised <= sigma) return latents;
  const added = (run.knobs.churnNoise ?? 1) * Math.sqrt(raised ** 2 - sigma ** 2);
  return weightedSum([1, latents], [added, run.noise(latents.length)]);
}

/** Euler's method with churn (Karras et al. 2022, arXiv 2206.00364, algorithm 2). diffusers: EulerDiscreteScheduler. */
export async function sampleEuler(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const sigma = schedule.sigmas[index]!;
    const output = await run.denoise(scaleInput(latents, sigma), schedule.timesteps[index]!);
    const raised = Math.fround(sigma * churnFactor(run, sigma));
    const churned = churnLatents(run, latents, sigma, raised);
    // diffusers reads a v prediction at the sigma that the network was told, and noise at the raised one.
    const readAt = config.prediction_type === 'v_prediction' ? sigma : raised;
    const derivative = toDerivative(churned, readOriginal(config, churned, output, readAt), raised);
    latents = moveAlong(churned, derivative, schedule.sigmas[index + 1]! - raised);
    await run.onCall(latents);
  }
  return latents;
}

/** Euler's method to a lower sigma and noise back up to the next: k-diffusion's ancestral sampling. diffusers: EulerAncestralDiscreteScheduler. */
export async function sampleEulerAncestral(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const sigma = schedule.sigmas[index]!;
    const output = await run.denoise(scaleInput(latents, sigma), schedule.timesteps[index]!);
    const derivative = toDerivative(latents, readOriginal(config, latents, output, sigma), sigma);
    const { down, up } = ancestralStep(sigma, schedule.sigmas[index + 1]!);
    latents = weightedSum([1, moveAlong(latents, derivative, down - sigma)], [up, run.noise(latents.length)]);
    await run.onCall(latents);
  }
  return latents;
}

/** Euler's method for models with EDM's preconditioning (Karras et al. 2022, table 1). diffusers: EDMEulerScheduler. */
export async function sampleEdmEuler(run: SamplerRun): Promise<Float32Array> {
  const { config, schedule } = run;
  const data = config.sigma_data;
  const sign = config.prediction_type === 'v_prediction' ? -1 : 1;
  let latents = run.latents;
  for (let index = run.begin; index < schedule.timesteps.length; index++) {
    const sigma = schedule.sigmas[index]!;
    const scaled = weightedSum([1 / Math.sqrt(sigma ** 2 + data ** 2), latents]);
    const output = await run.denoise(scaled, schedule.timesteps[index]!);
    const raised = Math.fround(sigma * churnFactor(run, sigma));
    const churned = churnLatents(run, latents, sigma, raised);
    const total = raised ** 2 + data ** 2;
    const original = weightedSum(
      [data ** 2 / total, churned],
      [(sign * raised * data) / Math.sqrt(total), output],
    );
    const derivative = toDerivative(churned, original, raised);
    latents = moveAlong(churned, derivative, schedule.sigmas[index + 1]! - raised);
    await run.onCall(latents);
  }
  return latents;
}
