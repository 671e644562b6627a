import type { ChosenSampler } from '../choose.js';
import type { NoiseLevel } from '../parameterization/noise-level.js';
import type { Parameterization } from '../parameterization/parameterization.js';
import type { SamplerRow } from '../samplers/sampler-row.js';
import { checkScheduleRequest } from './check-request.js';
import type { Schedule, ScheduleRequest } from './schedule.js';

/** A schedule and the index of the first level that is sampled from. */
export interface RunSchedule {
  readonly schedule: Schedule;
  readonly begin: number;
}

/**
 * The schedule of a sampler for a number of steps.
 * @throws EaselError ERR_REQUEST_INVALID if the sampler cannot take what is asked for
 */
export function buildSchedule(
  { row, scheduler, config, sigmaSchedule, isScheduleNamed }: ChosenSampler,
  { mix }: Parameterization,
  request: ScheduleRequest,
): Schedule {
  const context = { config, request, mix, sigmaSchedule, isScheduleNamed };
  checkScheduleRequest(scheduler, context);
  const schedule = scheduler.buildSchedule(context);
  return withLevels(schedule, schedule.levels, row);
}

/** A schedule with other levels, and the later calls that a sampler makes in its steps from one on. */
export function withLevels(
  schedule: Omit<Schedule, 'laterCalls'>,
  levels: readonly NoiseLevel[],
  { laterCalls }: SamplerRow,
  begin = 0,
): Schedule {
  const ofStep = (_: NoiseLevel, step: number) => laterCalls?.(levels, step, schedule.levelOf, begin) ?? [];
  return { ...schedule, levels, laterCalls: levels.slice(0, -1).map(ofStep) };
}

/** The part of a schedule that is run, from a step on, with the levels that the sampler makes of it. */
export function startSchedule(schedule: Schedule, begin: number, row: SamplerRow): RunSchedule {
  if (!row.levels) return { schedule: withLevels(schedule, schedule.levels, row, begin), begin };
  const levels = row.levels(schedule.levels.slice(begin), schedule.levelOf);
  return { schedule: withLevels(schedule, levels, row), begin: 0 };
}
