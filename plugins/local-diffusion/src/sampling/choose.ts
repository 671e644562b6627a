import { EaselError, splitSamplerName } from '@easel/plugin-sdk';
import { type ResolvedSampler, resolveSampler, samplerOfClass } from './names.js';
import { samplers } from './samplers/index.js';
import type { Sampler } from './samplers/sampler.js';
import type { SamplerRow } from './samplers/sampler-row.js';
import { effectiveConfig, type SchedulerClass } from './scheduler-config/scheduler-class.js';
import { parseSchedulerConfig, type SchedulerConfig } from './scheduler-config/scheduler-config.js';
import { type SigmaSchedule, sigmaSchedules } from './schedules/sigma-schedules.js';

/** What a choice depends on beside the model's configuration. */
export interface SamplerSurroundings {
  /** The samplers that there are. Absent: those of the list in `samplers/`. */
  readonly samplers?: readonly SamplerRow[] | undefined;
  /** The best sigmas for models of this kind. Absent: none were found. */
  readonly alignedSigmas?: readonly number[] | undefined;
}

/** The sampler that will run, and its configuration. */
export interface ChosenSampler {
  readonly row: SamplerRow;
  /** The row's way for models of this kind. */
  readonly sample: Sampler;
  /** The row's scheduler class for models of this kind. */
  readonly scheduler: SchedulerClass;
  readonly config: SchedulerConfig;
  /** How sigmas are spaced. Absent: they follow from spaced timesteps. */
  readonly sigmaSchedule: SigmaSchedule | undefined;
  /** Whether the name that was asked for tells it, and not the configuration. */
  readonly isScheduleNamed: boolean;
  /** The usual name of what the configuration describes, with the schedule in sigma if there is one. */
  readonly name: string;
  readonly warnings: readonly string[];
}

/** What a sampler cannot do with a configuration, in words; undefined if it can. */
function obstacleOf(scheduler: SchedulerClass, config: SchedulerConfig): string | undefined {
  if (!scheduler.predictions.includes(config.prediction_type)) {
    return `prediction_type "${config.prediction_type}" does not go with ${scheduler.className}`;
  }
  const spacings = [config.use_karras_sigmas, config.use_exponential_sigmas, config.use_beta_sigmas];
  if (spacings.filter(Boolean).length > 1) {
    return 'more than one of karras, exponential and beta sigmas is switched on';
  }
  const { variance_type: variance } = config;
  if (variance?.startsWith('learned') || variance === 'fixed_large_log') {
    return `variance_type "${variance}" is not supported`;
  }
  return scheduler.obstacle?.(config);
}

function ownSampler(className: string | undefined, rows: readonly SamplerRow[]) {
  const found = className === undefined ? undefined : samplerOfClass(className, rows);
  if (found) return found;
  throw new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `scheduler_config.json: the scheduler class ${className ?? '(none)'} is not supported`,
    hint: 'Choose a sampler by name.',
  });
}

function refuseSampler(sampler: string | undefined, reason: string): EaselError {
  return new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `the sampler "${sampler}" cannot run this model: ${reason}`,
  });
}

/**
 * The keys that a name decides: the row's own and, where the name tells a schedule in sigma, that one alone.
 */
function keysOf({ overrides, sigmaSchedule }: ResolvedSampler): Partial<SchedulerConfig> {
  if (!sigmaSchedule) return overrides;
  const keys = sigmaSchedules.flatMap((schedule) =>
    schedule.key ? [[schedule.key, schedule === sigmaSchedule] as const] : [],
  );
  return { ...overrides, ...Object.fromEntries(keys) };
}

/** What was asked for, without a schedule that the model cannot have. */
function leaveOutSchedule(
  asked: ResolvedSampler,
  isUnknown: (schedule: SigmaSchedule) => boolean | undefined,
): ResolvedSampler {
  const { sigmaSchedule, ...rest } = asked;
  if (!sigmaSchedule || !isUnknown(sigmaSchedule)) return asked;
  return { ...rest, droppedSchedule: sigmaSchedule.name };
}

/** A name that is a schedule alone is that of the model's own sampler with it. */
function withOwnSampler(name: string, className: string | undefined, rows: readonly SamplerRow[]): string {
  const { sampler, schedule } = splitSamplerName(name);
  if (sampler !== '' || name.trim() === '') return name;
  return [ownSampler(className, rows).row.name, schedule].filter(Boolean).join('_');
}

/**
 * Settles on a sampler: the one asked for, or the model's own. The model's configuration is carried over to
 * another class as diffusers' `Class.from_config` does it.
 * @throws EaselError ERR_REQUEST_INVALID if the sampler asked for is unknown or cannot run this model;
 * ERR_MODEL_FILES_INVALID if the model's own configuration cannot be run.
 */
export function chooseSampler(
  schedulerConfig: unknown,
  sampler: string | undefined,
  { samplers: rows = samplers, alignedSigmas }: SamplerSurroundings = {},
): ChosenSampler {
  const { className: own, values, warnings } = parseSchedulerConfig(schedulerConfig);
  const ownIsFlow = own?.startsWith('FlowMatch') ? ownSampler(own, rows).isFlow : false;
  const isEdm = own?.startsWith('EDM') ?? false;
  const named = sampler === undefined ? undefined : resolveSampler(withOwnSampler(sampler, own, rows), rows);
  const hasNoSuchSchedule = (schedule: SigmaSchedule) =>
    (schedule.isOfModel && !alignedSigmas) || (!schedule.key && values.use_flow_sigmas);
  const asked = named && leaveOutSchedule(named, hasNoSuchSchedule);
  const { row, isFlow } = asked ?? ownSampler(own, rows);
  const ofFlows = isFlow || ownIsFlow;
  const scheduler = ofFlows ? row.flowScheduler : isEdm ? row.edmScheduler : row.scheduler;
  if (!scheduler) {
    throw refuseSampler(sampler, ofFlows ? 'it was trained as a flow' : "it was trained in EDM's way");
  }
  const config = effectiveConfig(scheduler, { ...values, ...(asked && keysOf(asked)) });
  const reason = obstacleOf(scheduler, config);
  if (reason === undefined) {
    const sigmaSchedule = asked?.sigmaSchedule ?? sigmaSchedules.find(({ key }) => key && config[key]);
    const stem = scheduler.nameOf?.(config) ?? row.name;
    const name = sigmaSchedule?.label ? `${stem}_${sigmaSchedule.name}` : stem;
    const dropped = asked?.droppedSchedule;
    const told =
      dropped === undefined ? [] : [`The schedule "${dropped}" had no effect: ${stem} has no such schedule.`];
    const sample = (ofFlows && row.flowSample) || row.sample;
    const isScheduleNamed = asked?.sigmaSchedule !== undefined;
    return {
      row,
      sample,
      scheduler,
      config,
      sigmaSchedule,
      isScheduleNamed,
      name,
      warnings: [...warnings, ...told],
    };
  }
  if (asked && own !== scheduler.className) throw refuseSampler(sampler, reason);
  throw new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message: `scheduler_config.json: ${reason}` });
}
