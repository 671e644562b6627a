import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { Schedule } from '../schedules/schedule.js';

/** The knobs that papers give the user; the defaults are diffusers'. */
export interface SamplerKnobs {
  /** How much of the noise is drawn anew: 0 none to 1 as DDPM. Default 0 for DDIM, 0.3 for TCD; others ignore it. */
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
  /** LMS: how many derivatives are used, 1 .. 4. Default 4. */
  readonly order?: number | undefined;
}

/** All that a sampler works with. Arrays are flat; a batch is its images one after the other. */
export interface SamplerRun {
  readonly config: SchedulerConfig;
  readonly schedule: Schedule;
  /** Index of the first timestep that is run; more than 0 when sampling starts from an image. */
  readonly begin: number;
  /** The number of steps that was asked for, before the first ones are left out. */
  readonly steps: number;
  readonly knobs: SamplerKnobs;
  readonly imageCount: number;
  /** Noisy latents at the first timestep. */
  readonly latents: Float32Array;
  /** Calls the network with latents that are already scaled; throws if the run is cancelled. */
  denoise(scaled: Float32Array, timestep: number): Promise<Float32Array>;
  /** `count` numbers of the standard normal distribution. */
  noise(count: number): Float32Array;
  /** To be called once after every network call, with the latents as they are then. */
  onCall(latents: Float32Array): Promise<void>;
}

/** A sampler: from noisy latents to clean ones, in one pass over the schedule. */
export type Sampler = (run: SamplerRun) => Promise<Float32Array>;
