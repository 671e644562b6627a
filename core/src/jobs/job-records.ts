import type { AskedPlugin, FixedChoices } from '../kernel/routing/fixed-request.js';
import type { JobEnd, JobResult, JobState, StoredJob } from './job.js';

/** A job to be accepted, its request as text. */
export interface NewRecord {
  readonly caller: string;
  readonly request: string;
  readonly fixed: FixedChoices | undefined;
  readonly priority: number;
  readonly idempotencyKey: string | undefined;
  readonly webhook: string | undefined;
  /** Milliseconds since 1970, as all times here. */
  readonly now: number;
  /** When it is not begun any more. Absent: it is begun whenever. */
  readonly startBefore?: number | undefined;
  /** Jobs that its caller may have waiting. */
  readonly limit: number;
}

/** What was known of a job that was accepted before, or the new one. */
export interface AcceptedRecord {
  readonly job: StoredJob;
  readonly isNew: boolean;
  readonly request: string;
}

/** Where a job is: its state, and the server that works on it. */
export interface JobPlace {
  readonly id: string;
  readonly state: JobState;
  readonly owner: string | null;
}

/** What a grid has so far, and the latest of its cells. */
export interface MadeCell {
  readonly soFar: JobResult;
  readonly cell: JobResult;
}

/**
 * What is known of jobs, so that it outlives every process: what was accepted, who is asked for it, and its
 * one end. Every call rejects with ERR_STORAGE where it cannot be read or written now.
 */
export interface JobRecords {
  /**
   * Accepts a job; one that its caller has accepted before under the same key is answered instead. Undefined:
   * too many of its jobs wait.
   */
  create(record: NewRecord): Promise<AcceptedRecord | undefined>;
  get(id: string): Promise<StoredJob | undefined>;
  /**
   * The newest first. @param caller whose jobs; undefined: everybody's. @param before id of the job that they
   * were accepted before
   */
  list(caller: string | undefined, limit: number, before: string | undefined): Promise<StoredJob[]>;
  /** Where those of the jobs are that there are. */
  places(ids: readonly string[]): Promise<JobPlace[]>;
  /** Fixes a job that was accepted before that could be done. False: it is no longer that owner's. */
  fix(id: string, owner: string, fixed: FixedChoices): Promise<boolean>;
  /** Writes down who is about to be asked. False: nobody may be, the job is no longer that owner's. */
  noteAsked(id: string, owner: string, asked: AskedPlugin): Promise<boolean>;
  /** Writes down what a grid has so far. Undefined: the job is no longer that owner's. */
  noteCell(id: string, owner: string, made: MadeCell, now: number): Promise<StoredJob | undefined>;
  /** Each job ends once, by the owner whose it is. Undefined: it is no longer that one's, or has ended. */
  end(id: string, owner: string, end: JobEnd, now: number): Promise<StoredJob | undefined>;
  /** Ends a job that has not ended, whoever works on it. Undefined: it has ended, or there is none. */
  cancel(id: string, server: string, now: number): Promise<StoredJob | undefined>;
}
