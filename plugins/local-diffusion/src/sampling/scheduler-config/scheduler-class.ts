import type { Parameterization } from '../parameterization/parameterization.js';
import type { ScheduleBuilder } from '../schedules/schedule.js';
import { neutralConfig } from './defaults.js';
import type { SchedulerConfig } from './scheduler-config.js';

/**
 * A diffusers scheduler class, apart from its sampler: what it reads, and how its schedule and its models'
 * outputs are read.
 */
export interface SchedulerClass {
  readonly className: string;
  /** Every key of the configuration that the class reads, with its default; it ignores all others. */
  readonly defaults: Partial<SchedulerConfig>;
  /** What it does whatever the configuration says. Absent: nothing. */
  readonly fixed?: Partial<SchedulerConfig>;
  /** The prediction types that it takes. */
  readonly predictions: readonly SchedulerConfig['prediction_type'][];
  /** What a request may give in place of spaced steps. Absent: nothing. */
  readonly takes?: readonly ('timesteps' | 'sigmas')[];
  /**
   * Whether names can end in a schedule although the configuration has no keys for one. Absent: they cannot.
   */
  readonly takesNamedSchedules?: true;
  /** Whether a step that strength cuts in two is run as a whole. Absent: it is left out. */
  readonly countsBrokenSteps?: boolean;
  readonly parameterize: (config: SchedulerConfig) => Parameterization;
  readonly buildSchedule: ScheduleBuilder;
  /** What it cannot do of a configuration, in words. Absent: it can do all that its keys allow. */
  readonly obstacle?: (config: SchedulerConfig) => string | undefined;
  /** The usual name of the sampler that a configuration describes. Absent: that of the sampler's row. */
  readonly nameOf?: (config: SchedulerConfig) => string;
}

/**
 * diffusers' `Class.from_config(json)`: keys that the JSON lacks take the class's own default, and others
 * than the class's are dropped.
 */
export function effectiveConfig(
  { defaults, fixed }: SchedulerClass,
  values: Partial<SchedulerConfig>,
): SchedulerConfig {
  const read = Object.entries(values).filter(([key, value]) => key in defaults && value !== undefined);
  return { ...neutralConfig, ...defaults, ...Object.fromEntries(read), ...fixed };
}
