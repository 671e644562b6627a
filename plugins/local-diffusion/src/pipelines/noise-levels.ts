import { chooseSampler } from '../sampling/choose.js';
import { mixtureAt } from '../sampling/parameterization/mixture.js';
import type { SamplingRequest } from '../sampling/plan.js';
import { buildSchedule } from '../sampling/schedules/schedule.js';
import { weightedSum } from '../sampling/weighted-sum.js';

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
  const chosen = chooseSampler(request.schedulerConfig, request.sampler);
  const schedule = buildSchedule(chosen.className, chosen.config, request);
  return {
    timesteps: schedule.timesteps,
    callsPerStep: schedule.callsPerStep,
    trainedTimesteps: chosen.config.num_train_timesteps,
    addNoise(latents, noise, call) {
      const [image, share] = mixtureAt(chosen, schedule, call);
      return weightedSum([image, latents], [share, noise]);
    },
  };
}
