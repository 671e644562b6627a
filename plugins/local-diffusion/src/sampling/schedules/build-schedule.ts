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
  { row, scheduler, config, sigmaSchedule }: ChosenSampler,
  { mix }: Parameterization,
  request: ScheduleRequest,
): Schedule {
  const context = { config, request, mix, sigmaSchedule };
  checkScheduleRequest(scheduler, context);
  const schedule = scheduler.buildSchedule(context);
  return withLevels(schedule, schedule.levels, row);
}

/** A schedule with other levels, and the second calls that a sampler makes between them. */
export function withLevels(
  schedule: Omit<Schedule, 'secondCalls'>,
  levels: readonly NoiseLevel[],
  { secondCall }: SamplerRow,
): Schedule {
  if (!secondCall) return { ...schedule, levels, secondCalls: [] };
  // The last step ends without noise, and has no second call.
  const secondCalls = levels.slice(0, -2).map((from, step) => {
    const to = levels[step + 1]!;
    return secondCall === 'end' ? to : schedule.levelOf(secondCall(from, to));
  });
  return { ...schedule, levels, secondCalls };
}

/** The part of a schedule that is run, from a step on, with the levels that the sampler makes of it. */
export function startSchedule(schedule: Schedule, begin: number, row: SamplerRow): RunSchedule {
  if (!row.levels) return { schedule, begin };
  const levels = row.levels(schedule.levels.slice(begin), schedule.levelOf);
  return { schedule: withLevels(schedule, levels, row), begin: 0 };
}
