import type { NoiseLevel } from '../parameterization/noise-level.js';
import type { SchedulerClass } from '../scheduler-config/scheduler-class.js';
import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import type { LaterCalls } from './later-calls.js';
import type { Sampler } from './sampler.js';

/** A sampler as people choose it. */
export interface SamplerRow {
  /** The usual name, that of k-diffusion where it has one: small letters, digits and underscores. */
  readonly name: string;
  /**
   * As AUTOMATIC1111 or a program made of it calls it, in its menus and in the text of its images. Absent: no
   * list offers it, and names alone choose it.
   */
  readonly label?: string;
  /** Other tools' names, in the same spelling as `name`. */
  readonly aliases?: readonly string[];
  readonly sample: Sampler;
  /** The same along a flow, where it goes another way. Absent: `sample`. */
  readonly flowSample?: Sampler;
  /** Which keys of the model's scheduler_config.json it reads, and how its schedule is made. */
  readonly scheduler: SchedulerClass;
  /** The same for models that were trained as flows. Absent: it does not run those. */
  readonly flowScheduler?: SchedulerClass;
  /** The same for models with EDM's preconditioning. Absent: it does not run those. */
  readonly edmScheduler?: SchedulerClass;
  /** Keys that the name decides. Absent: none. */
  readonly sets?: Partial<SchedulerConfig>;
  /** The network calls that a step makes behind its first. Absent: a step is one call. */
  readonly laterCalls?: LaterCalls;
  /**
   * The levels that it makes of a schedule's, which may go up again: no call is made on the way up. Absent:
   * it takes the schedule's.
   */
  readonly levels?: (
    levels: readonly NoiseLevel[],
    levelOf: (sigma: number) => NoiseLevel,
  ) => readonly NoiseLevel[];
}
