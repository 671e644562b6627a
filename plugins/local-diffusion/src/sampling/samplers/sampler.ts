import type { NoiseLevel } from '../parameterization/noise-level.js';
import type { Prediction } from '../parameterization/parameterization.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { Schedule } from '../schedules/schedule.js';

/** Parameters that papers leave to the user; the defaults are diffusers'. */
export interface SamplerKnobs {
  /**
   * How much of the noise is drawn anew: 0 none to 1 as DDPM. Default 0 for DDIM, 0.3 for TCD; others ignore
   * it.
   */
  readonly eta?: number | undefined;
  /** DDIM: whether the direction follows the clipped prediction. Default no. */
  readonly useClippedOutput?: boolean | undefined;
  /** Euler and EDM: how much noise is added before each step (S_churn of Karras et al. 2022). Default 0. */
  readonly churn?: number | undefined;
  /** The smallest sigma that is churned. Default 0. */
  readonly churnFrom?: number | undefined;
  /** The largest sigma that is churned. Default infinite. */
  readonly churnTo?: number | undefined;
  /** What the churned noise is multiplied by (S_noise). Default 1. */
  readonly churnNoise?: number | undefined;
  /** LMS and iPNDM: how many derivatives are used, 1 .. 4. Default 4. */
  readonly order?: number | undefined;
}

/**
 * The keys of scheduler_config.json that choose between forms of one sampler. How a model was trained is not
 * among them.
 */
export type SamplerOptions = Pick<
  SchedulerConfig,
  | 'algorithm_type'
  | 'disable_corrector'
  | 'euler_at_final'
  | 'final_sigmas_type'
  | 'lower_order_final'
  | 'predict_x0'
  | 'skip_prk_steps'
  | 'solver_order'
  | 'solver_type'
  | 'timestep_scaling'
  | 'variance_type'
>;

/** All that a sampler works with. Arrays are flat; a batch is its images one after the other. */
export interface SamplerRun {
  readonly schedule: Schedule;
  /** Index of the first level that is sampled from; more than 0 when sampling starts from an image. */
  readonly begin: number;
  readonly options: SamplerOptions;
  readonly knobs: SamplerKnobs;
  /** Latents as noisy as the first level is. */
  readonly latents: Float32Array;
  /** The image without noise as the network sees it in latents of a level. Throws if the run is cancelled. */
  denoise(latents: Float32Array, level: NoiseLevel): Promise<Float32Array>;
  /** Limits a denoised image, in place, where the model's configuration says so; returns it. */
  limit(denoised: Float32Array): Float32Array;
  /** From denoised images back to the network's outputs, which a few of diffusers' samplers go on with. */
  readonly prediction: Prediction;
  /** `count` numbers of the standard normal distribution. */
  noise(count: number): Float32Array;
  /** To be called once after every network call, with the latents as they are then. */
  onCall(latents: Float32Array): Promise<void>;
}

/** A sampler: from noisy latents to clean ones, in one pass over the schedule. */
export type Sampler = (run: SamplerRun) => Promise<Float32Array>;

/** The unit noise that a denoised image leaves in latents of a level. */
export function noiseIn(latents: Float32Array, denoised: Float32Array, level: NoiseLevel): Float32Array {
  const [alpha, sigma] = [level.alpha, level.sigma];
  return latents.map((x, i) => (x - alpha * denoised[i]!) / sigma);
}
