import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspace } from './linspace.js';

/** Times of a rectified flow that starts just below pure noise: shifted by `flow_shift`, the one at the image's end left out. */
export function flowTimesFromImage(config: SchedulerConfig, steps: number): number[] {
  return linspace(1, 1 / config.num_train_timesteps, steps + 1)
    .map((imageShare) => shiftTime(1 - imageShare, config.flow_shift))
    .reverse()
    .slice(0, -1);
}

/** Times of a rectified flow from pure noise on, shifted by `flow_shift` and, with `shift_terminal`, stretched to end there. */
export function flowTimesFromNoise(config: SchedulerConfig, steps: number): number[] {
  let times = linspace(1, 1 / config.num_train_timesteps, steps + 1)
    .slice(0, -1)
    .map((time) => shiftTime(time, config.flow_shift));
  if (config.shift_terminal) {
    const factor = (1 - times.at(-1)!) / (1 - config.shift_terminal);
    times = times.map((time) => 1 - (1 - time) / factor);
  }
  // At time 1 there is no image left and log(alpha) has no value.
  if (Math.abs(times[0]! - 1) < 1e-6) times[0]! -= 1e-6;
  return times;
}

/** Shifts a time of rectified flow towards noise (Esser et al. 2024, arXiv 2403.03206, equation 23). */
function shiftTime(time: number, shift: number): number {
  return (shift * time) / (1 + (shift - 1) * time);
}
