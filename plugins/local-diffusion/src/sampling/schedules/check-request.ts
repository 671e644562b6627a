import { EaselError } from '@easel/plugin-sdk';
import type { SchedulerClass } from '../scheduler-config/scheduler-class.js';
import type { ScheduleContext } from './schedule.js';

/**
 * @throws EaselError ERR_REQUEST_INVALID for steps, timesteps or sigmas that a scheduler class cannot make a
 * schedule of
 */
export function checkScheduleRequest(
  { className, takes }: SchedulerClass,
  { config, request, sigmaSchedule }: ScheduleContext,
): void {
  const { steps, timesteps, sigmas } = request;
  const trained = config.num_train_timesteps;
  if (!Number.isInteger(steps) || steps < 1) {
    refuse(`steps is ${steps}; it has to be a whole number from 1 on`);
  }
  if (steps > trained) refuse(`steps is ${steps}; the model knows ${trained} timesteps`);
  if (sigmas && !takes?.includes('sigmas'))
    refuse('sigmas can be given to the Euler sampler and to flows only');
  if (timesteps && !takes?.includes('timesteps')) refuse(`${className} takes no timesteps of one's own`);
  if (timesteps && sigmaSchedule) {
    refuse(`timesteps cannot be given together with ${sigmaSchedule.name} sigmas`);
  }
  const given = timesteps ?? sigmas;
  if (given && (given.length === 0 || given.some((value, i) => i > 0 && value >= given[i - 1]!))) {
    refuse('timesteps and sigmas have to descend, and there has to be one at least');
  }
  if (timesteps?.some((t) => t < 0 || t >= trained)) {
    refuse(`timesteps have to lie from 0 to ${trained - 1}`);
  }
}

function refuse(message: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', message });
}
