import type { ChosenSampler } from '../choose.js';
import type { Parameterization } from '../parameterization/parameterization.js';
import { checkScheduleRequest } from './check-request.js';
import type { Schedule, ScheduleRequest } from './schedule.js';

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
  const { levels } = schedule;
  const { secondCall } = row;
  if (!secondCall) return { ...schedule, secondCalls: [] };
  // The last step ends without noise, and has no second call.
  const secondCalls = levels.slice(0, -2).map((from, step) => {
    const to = levels[step + 1]!;
    return secondCall === 'end' ? to : schedule.levelOf(secondCall(from.sigma, to.sigma));
  });
  return { ...schedule, secondCalls };
}
