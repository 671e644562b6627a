import type { StoredJob } from './job.js';

/** How fast jobs are done that wait. */
export interface Pace {
  /** Jobs that wait. */
  readonly queued: number;
  /** Jobs at work. */
  readonly running: number;
  /** Jobs that all servers can do at once. 0: there is no server now that does any. */
  readonly places: number;
  /** Milliseconds that the last jobs took. Empty: none has ended yet. */
  readonly lastMs: readonly number[];
  /** The same of jobs that wait together. Absent: all do. */
  readonly lanes?: readonly LanePace[];
}

/** How fast jobs are done that wait together, such as those of one model. */
export interface LanePace extends Omit<Pace, 'lanes'> {
  readonly lane: string;
}

/** Last jobs that are looked at. */
export const paceOver = 50;
/** Seconds that a job is taken to need before one has ended. */
const unknownS = 10;
/** Seconds after which whoever was refused may come again, at the latest. */
const mostRetryS = 3_600;

const secondsEach = ({ lastMs }: Pace): number =>
  lastMs.length === 0 ? unknownS : lastMs.reduce((sum, ms) => sum + ms, 0) / lastMs.length / 1_000;

/** Seconds of work that waits, for each place; as if there were one place where there is none. */
export const backlogSeconds = (pace: Pace): number =>
  (pace.queued * secondsEach(pace)) / Math.max(1, pace.places);

/**
 * Whole seconds, 1 to 3600, after which one job of a caller is likely to have ended.
 *
 * @param outstanding jobs of the caller that have not ended
 */
export function retrySeconds(pace: Pace, outstanding: number): number {
  const untilOneEnds = secondsEach(pace) / Math.max(1, pace.places);
  // Of all jobs that end, its own are as many as its share.
  const jobsEach = Math.max(1, (pace.queued + pace.running) / Math.max(1, outstanding));
  return Math.min(mostRetryS, Math.max(1, Math.ceil(untilOneEnds * jobsEach)));
}

/** Milliseconds that a job took. Undefined: it has made nothing. */
export const durationOf = ({ state, startedAt, endedAt }: StoredJob): number | undefined =>
  state === 'succeeded' && startedAt !== undefined && endedAt !== undefined
    ? Math.max(0, endedAt - startedAt)
    : undefined;
