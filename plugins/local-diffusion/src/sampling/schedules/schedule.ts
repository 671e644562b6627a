import type { NoiseLevel } from '../parameterization/noise-level.js';
import type { Parameterization } from '../parameterization/parameterization.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { SigmaSchedule } from './sigma-schedules.js';

/** How noisy the latents are at each step, and anywhere between. */
export interface Schedule {
  /**
   * From noise to image: the level at the beginning of each step and, at the end, the one that is left in the
   * result.
   */
  readonly levels: readonly NoiseLevel[];
  /** Of each step the levels of the network calls behind its first. */
  readonly laterCalls: readonly (readonly NoiseLevel[])[];
  /** What unit noise is multiplied by to start from. */
  readonly initialNoiseSigma: number;
  /** Training timesteps from one step to the next, rounded down. */
  readonly stride: number;
  /** The level at a training timestep; those below 0 have the level that is left at the end. */
  levelAt(timestep: number): NoiseLevel;
  /** The level of a sigma that need not be one of the steps'. */
  levelOf(sigma: number): NoiseLevel;
  /** The sigma at which a share of the training's times is done, 0 (the largest sigma) to 1. */
  sigmaAfter(share: number): number;
}

/** What a schedule is asked for. */
export interface ScheduleRequest {
  readonly steps: number;
  /** Timesteps to use instead of spaced ones, descending; not every sampler takes them. */
  readonly timesteps?: readonly number[] | undefined;
  /**
   * Sigmas to use instead of spaced ones, descending; only Euler and flows take them. For Euler the final one
   * is included; a flow's are times before the shift, and it ends at 0.
   */
  readonly sigmas?: readonly number[] | undefined;
  /**
   * Patches that the network sees of the image, on which a flow's shift may depend; absent means its smallest
   * shift.
   */
  readonly imageTokens?: number | undefined;
  /**
   * How far a flow's times are shifted towards noise, as the exponent of the factor; absent means as its
   * configuration says.
   */
  readonly flowShift?: number | undefined;
  /**
   * The sigmas that were found to be best for models of this kind, for the schedule of "Align Your Steps".
   * Absent: none were.
   */
  readonly alignedSigmas?: readonly number[] | undefined;
  /** How many timesteps a consistency model was distilled on; absent means what its configuration says. */
  readonly originalSteps?: number | undefined;
  /** The share of the distilled timesteps that a consistency model may use, 0 .. 1; absent means all. */
  readonly originalShare?: number | undefined;
}

/** All that the levels follow from. */
export interface ScheduleContext {
  readonly config: SchedulerConfig;
  readonly request: ScheduleRequest;
  readonly mix: Parameterization['mix'];
  /** How sigmas are spaced. Absent: they follow from spaced timesteps. */
  readonly sigmaSchedule: SigmaSchedule | undefined;
  /** Whether a sampler's name tells it, and not the configuration. */
  readonly isScheduleNamed: boolean;
}

/** The levels for a number of steps: `set_timesteps` of a diffusers class. */
export type ScheduleBuilder = (context: ScheduleContext) => Omit<Schedule, 'laterCalls'>;
