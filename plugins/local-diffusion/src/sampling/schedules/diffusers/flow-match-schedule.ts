import { shiftTime, shiftTimeByImage, stretchTimes } from '../flow-times.js';
import { linspace } from '../linspace.js';
import type { Schedule, ScheduleContext } from '../schedule.js';
import { spaceSigmas } from '../sigma-schedules.js';

/** How many times ComfyUI's table has where the shift depends on the image, as for FLUX. */
const imageShiftedTimes = 10_000;

/** Times of a flow that was trained on `count` of them, ascending, without a shift. */
const timesOfTraining = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) / count);

/** What differs between samplers. */
export interface FlowScheduleRules {
  /**
   * Whether it begins just below pure noise, at which log(alpha / sigma) has no value: at 0.9999 before the
   * shift, as in ComfyUI.
   */
  readonly keepsSomeImage?: boolean;
}

/**
 * The schedule of models that were trained as rectified flows: times of the flow are its sigmas, from 1 down
 * to 0, shifted towards noise by a fixed factor or by one that grows with the image (Esser et al. 2024, arXiv
 * 2403.03206). diffusers: FlowMatch* classes.
 */
export function flowMatchSchedule(
  { config, request, mix, sigmaSchedule, isScheduleNamed }: ScheduleContext,
  { keepsSomeImage = false }: FlowScheduleRules = {},
): Omit<Schedule, 'laterCalls'> {
  const trained = config.num_train_timesteps;
  const isByImage = config.use_dynamic_shifting;
  const shift = (time: number) =>
    isByImage ? shiftTimeByImage(time, config, request) : shiftTime(time, config.shift);
  // The ends of the training's times are shifted before the steps are spread between them, and each step once
  // more.
  const [noisiest, last] = isByImage ? [1, 1 / trained] : [shift(1), shift(1 / trained)];
  const plain = stretchTimes((request.sigmas ?? linspace(noisiest, last, request.steps)).map(shift), config);
  const levelOf = (sigma: number) => ({ timestep: Math.fround(sigma * trained), ...mix(sigma) });
  const table = {
    min: plain.at(-1)!,
    max: plain[0]!,
    sigmaAt: (timestep: number) => timestep / trained,
    timestepOf: (sigma: number) => sigma * trained,
    sigmas: timesOfTraining(isByImage ? imageShiftedTimes : trained).map(shift),
    spacedSigmaAt: (timestep: number) => shift(timestep / trained),
  };
  // A name means ComfyUI's schedule, between the ends of the training; a configuration diffusers', between
  // those of the plain steps.
  const trainedEnds = { min: table.sigmas[0]!, max: table.sigmas.at(-1)! };
  const ends = isScheduleNamed ? trainedEnds : { min: table.min, max: table.max };
  const limits = { ...ends, table, alignedSigmas: request.alignedSigmas };
  const sigmas = sigmaSchedule ? spaceSigmas(sigmaSchedule, config, limits, plain.length) : plain;
  const first = keepsSomeImage && sigmas[0]! >= 1 ? shift(0.9999) : sigmas[0]!;
  return {
    levels: [first, ...sigmas.slice(1), 0].map((sigma) => levelOf(Math.fround(sigma))),
    initialNoiseSigma: 1,
    stride: Math.floor(trained / plain.length),
    levelAt: (timestep) => levelOf(timestep / trained),
    levelOf,
    sigmaAfter: (share) => table.spacedSigmaAt((1 - share) * trained),
  };
}
