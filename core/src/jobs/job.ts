import type { ErrorCode, ImageRequest } from '@easel/plugin-sdk';
import type { AskedPlugin, FixedChoices } from '../kernel/routing/fixed-request.js';
import type { ImageResult } from '../results/image-result.js';
import type { StoredImage } from '../results/result-store.js';
import type { Grid } from './grid.js';
import type { Wanted } from './wanted.js';

export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** A picture that a finished job has made, in the store of results. */
export type JobImage = StoredImage & { readonly seed?: number };

export interface JobResult extends Pick<ImageResult, 'warnings' | 'cost' | 'timings' | 'provenance'> {
  readonly images: readonly JobImage[];
}

export interface JobError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Absent: no field of the request in particular. */
  readonly field?: string;
  readonly plugin?: string;
  readonly retryAfterMs?: number;
  readonly mayBePaid?: boolean;
}

/** A call that outlives its caller, and the server. */
export interface StoredJob {
  readonly id: string;
  /** Whose it is: the id of a key, or empty where there are none. */
  readonly caller: string;
  readonly state: JobState;
  /** A higher one is begun first, and goes first where calls wait; -100 to 100. */
  readonly priority: number;
  /**
   * What it was asked for, with the model and the seed that were chosen for it. Absent: it cannot be read.
   */
  readonly wanted?: Wanted;
  /** There once it has succeeded; of a grid, what its cells have made so far. */
  readonly result?: JobResult;
  /** There once it has failed. */
  readonly error?: JobError;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Milliseconds since 1970 from which on it is not begun any more. Absent: it is begun whenever. */
  readonly startBefore?: number;
  /** Told when it has ended. Absent: nobody is. */
  readonly webhook?: string;
  /** Its row in the database is broken: it counts as failed. Absent: it is whole. */
  readonly isUnreadable?: true;
}

/** A job with what it takes to do it. */
export interface BegunJob extends StoredJob {
  /** Text that `thawRequest` reads. */
  readonly request: string;
  /** Absent: not yet. */
  readonly fixed?: FixedChoices;
  /** The plugin that was asked last, and may have been paid. Absent: none was. */
  readonly asked?: AskedPlugin;
}

export interface NewJob {
  readonly caller: string;
  readonly request: ImageRequest;
  /** Absent: the request is made once, as it is. */
  readonly grid?: Grid | undefined;
  readonly priority: number;
  /** The caller's own name for this job: the same one again is this job again. */
  readonly idempotencyKey?: string | undefined;
  /** Milliseconds within which it is to be begun. Absent: it waits for as long as it takes. */
  readonly startWithinMs?: number | undefined;
  readonly webhook?: string | undefined;
}

export const hasEnded = ({ state }: Pick<StoredJob, 'state'>): boolean =>
  state !== 'queued' && state !== 'running';

/** How a job ends by itself. */
export type JobEnd = { readonly result: JobResult } | { readonly error: JobError };
