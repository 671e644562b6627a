/** How much of a job was done, 0 to 1, at a time in milliseconds of this page's own clock. */
interface Mark {
  readonly fraction: number;
  readonly atMs: number;
}

/** What this page was told of a job's images first, and last. */
export type Pace = readonly [first: Mark, last: Mark];

/** The pace after one more thing was told. A job that was begun again has less done than before. */
export const paceWith = (pace: Pace | undefined, mark: Mark): Pace =>
  pace && pace[1].fraction <= mark.fraction ? [pace[0], mark] : [mark, mark];

/**
 * Milliseconds that a running job has to go, by its own pace: the clock of the server may be another one.
 * Undefined: too little was seen of it to tell.
 */
export function timeLeftMs([first, last]: Pace, nowMs: number): number | undefined {
  const done = last.fraction - first.fraction;
  if (done <= 0 || last.fraction >= 1) return undefined;
  const leftMs = ((last.atMs - first.atMs) * (1 - last.fraction)) / done;
  return Math.max(0, leftMs - (nowMs - last.atMs));
}
