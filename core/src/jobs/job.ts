import type { ErrorCode, ImageRequest, Progress } from '@easel/plugin-sdk';
import type { ImageResult } from '../results/image-result.js';
import type { StoredImage } from '../results/result-store.js';

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
}

/** A call that outlives its caller, and the server. */
export interface Job {
  readonly id: string;
  /** Whose it is: the id of a key, or empty where there are none. */
  readonly caller: string;
  readonly state: JobState;
  readonly request: ImageRequest;
  /** A higher one is begun first, and goes first where calls wait; -100 to 100. */
  readonly priority: number;
  /** Absent: it has not told yet. */
  readonly progress?: Omit<Progress, 'preview'>;
  /** There once it has succeeded. */
  readonly result?: JobResult;
  /** There once it has failed. */
  readonly error?: JobError;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Told when it has ended. Absent: nobody is. */
  readonly webhook?: string;
}

export interface NewJob {
  readonly caller: string;
  readonly request: ImageRequest;
  readonly priority: number;
  /** The caller's own name for this job: the same one again is this job again. */
  readonly idempotencyKey?: string | undefined;
  readonly webhook?: string | undefined;
}

export const hasEnded = ({ state }: Pick<Job, 'state'>): boolean => state !== 'queued' && state !== 'running';
