import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';
import { linspace } from './linspace.js';
import type { ScheduleRequest } from './schedule.js';

/**
 * Times of a rectified flow that starts just below pure noise: shifted by `flow_shift`, the one at the
 * image's end left out.
 */
export function flowTimesFromImage(config: SchedulerConfig, steps: number): number[] {
  return linspace(1, 1 / config.num_train_timesteps, steps + 1)
    .map((imageShare) => shiftTime(1 - imageShare, config.flow_shift))
    .reverse()
    .slice(0, -1);
}

/**
 * Times of a rectified flow from pure noise on, shifted by `flow_shift` and, with `shift_terminal`, stretched
 * to end there.
 */
export function flowTimesFromNoise(config: SchedulerConfig, steps: number): number[] {
  const times = stretchTimes(
    linspace(1, 1 / config.num_train_timesteps, steps + 1)
      .slice(0, -1)
      .map((time) => shiftTime(time, config.flow_shift)),
    config,
  );
  // At time 1 there is no image left and log(alpha) has no value.
  if (Math.abs(times[0]! - 1) < 1e-6) times[0]! -= 1e-6;
  return times;
}

/**
 * Shifts a time of rectified flow, 0 to 1, towards noise (Esser et al. 2024, arXiv 2403.03206, equation 23).
 */
export function shiftTime(time: number, shift: number): number {
  return (shift * time) / (1 + (shift - 1) * time);
}

/** The keys that tell how a shift grows with the image. */
type ImageShiftKeys = Pick<
  SchedulerConfig,
  'base_shift' | 'max_shift' | 'base_image_seq_len' | 'max_image_seq_len' | 'time_shift_type'
>;

/**
 * Shifts a time, over 0 to 1, by a factor that grows with the image: mu, on a straight line through
 * (`base_image_seq_len`, `base_shift`) and (`max_image_seq_len`, `max_shift`), is its logarithm, or with
 * `linear` the factor itself. diffusers' `calculate_shift`.
 * @param imageTokens patches that the network sees of the image; absent means `base_image_seq_len`
 * @param flowShift mu itself; absent means that the line says it
 */
export function shiftTimeByImage(
  time: number,
  config: ImageShiftKeys,
  { imageTokens = config.base_image_seq_len, flowShift }: Pick<ScheduleRequest, 'imageTokens' | 'flowShift'>,
): number {
  const { base_shift: base, base_image_seq_len: from, max_image_seq_len: to } = config;
  const mu = flowShift ?? base + ((config.max_shift - base) / (to - from)) * (imageTokens - from);
  return shiftTime(time, config.time_shift_type === 'linear' ? mu : Math.exp(mu));
}

/**
 * Stretches descending times so that the last one becomes `shift_terminal`; leaves them where that is not
 * set.
 */
export function stretchTimes(
  times: readonly number[],
  { shift_terminal: terminal }: Pick<SchedulerConfig, 'shift_terminal'>,
): number[] {
  if (!terminal) return [...times];
  const factor = (1 - times.at(-1)!) / (1 - terminal);
  return times.map((time) => 1 - (1 - time) / factor);
}
