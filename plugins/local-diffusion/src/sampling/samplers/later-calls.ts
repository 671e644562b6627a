import type { NoiseLevel } from '../parameterization/noise-level.js';

/**
 * Where a step makes its second and further network calls.
 *
 * @param levels of the whole schedule
 * @param step index of the level that the step begins at
 * @param levelOf the level of a sigma that need not be one of the schedule's
 * @param begin index of the level that sampling begins at
 * @returns one level a call, in their order; empty: the first call is the only one
 */
export type LaterCalls = (
  levels: readonly NoiseLevel[],
  step: number,
  levelOf: (sigma: number) => NoiseLevel,
  begin: number,
) => readonly NoiseLevel[];

/** A second call where the step ends; none in the last step, which ends without noise. */
export const atEnd: LaterCalls = (levels, step) => (step + 2 < levels.length ? [levels[step + 1]!] : []);

/** Calls at sigmas that follow from a step's two levels; none in the last step. */
export const atSigmas =
  (...sigmas: readonly ((from: NoiseLevel, to: NoiseLevel) => number)[]): LaterCalls =>
  (levels, step, levelOf) =>
    step + 2 < levels.length
      ? sigmas.map((sigmaOf) => levelOf(sigmaOf(levels[step]!, levels[step + 1]!)))
      : [];
