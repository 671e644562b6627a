import { chooseSampler } from '../sampling/choose.js';
import { schedulerClasses } from '../sampling/classes.js';
import type { SamplingRequest } from '../sampling/plan.js';
import { weightedSum } from '../sampling/sampler.js';
import { buildSchedule } from '../sampling/schedule.js';
import { solverLevel } from '../sampling/solver-level.js';

/** What a pipeline has to know of a schedule beside the plan that runs it. */
export interface NoiseLevels {
  /** The timestep of every network call of the whole schedule. */
  readonly timesteps: readonly number[];
  readonly callsPerStep: 1 | 2;
  /** Timesteps that the model was trained on. */
  readonly trainedTimesteps: number;
  /** Latents without noise, with as much unit noise mixed in as there is when a call of the whole schedule begins. */
  addNoise(latents: Float32Array, noise: Float32Array, call: number): Float32Array;
}

/** The noise levels of a sampler at each of its calls: `add_noise` of its diffusers class, before and between the steps. */
export function readNoiseLevels(request: SamplingRequest): NoiseLevels {
  const { className, config } = chooseSampler(request.schedulerConfig, request.sampler);
  const schedule = buildSchedule(className, config, request);
  const { noiseScale } = schedulerClasses[className];
  const shares = (call: number): readonly [image: number, noise: number] => {
    if (noiseScale === 'alpha-cumprod') {
      const alphaCumprod = schedule.alphasCumprod[schedule.timesteps[call]!]!;
      return [Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod)];
    }
    // Between the two calls of a step diffusers goes by the level that the step leads to.
    const sigma = schedule.sigmas[Math.ceil(call / schedule.callsPerStep)]!;
    if (noiseScale !== 'alpha-sigma') return [1, sigma];
    const level = solverLevel(config, sigma);
    return [level.alpha, level.sigma];
  };
  return {
    timesteps: schedule.timesteps,
    callsPerStep: schedule.callsPerStep,
    trainedTimesteps: config.num_train_timesteps,
    addNoise(latents, noise, call) {
      const [image, share] = shares(call);
      return weightedSum([image, latents], [share, noise]);
    },
  };
}
