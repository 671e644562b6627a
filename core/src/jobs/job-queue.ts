import type { Preview, Progress } from '@easel/plugin-sdk';
import type { JobBacklog } from './database/job-place.js';
import type { NewJob, StoredJob } from './job.js';
import type { JobEvents } from './job-events.js';
import type { Pace } from './pace.js';

/** A job that was accepted now, or before under the same key. */
export interface AcceptedJob {
  readonly job: StoredJob;
  readonly isNew: boolean;
  /** Whether it was asked for the same. */
  readonly isSame: boolean;
}

/** Calls that outlive their callers and the server: accepts them, tells of them, and has them done. */
export interface JobQueue {
  /** Tells of jobs, wherever they are worked on. */
  readonly events: Pick<JobEvents, 'listen' | 'listenToAll' | 'ended'>;
  /** Begins to bring the jobs that wait to those who do them. */
  start(): void;
  /**
   * Accepts a job: from here on it will be done, whatever happens to its caller or to this process, and it is
   * the same call however often it is carried out. Undefined: too many of its caller's wait. Rejects with
   * ERR_STORAGE.
   */
  submit(job: NewJob): Promise<AcceptedJob | undefined>;
  get(id: string): Promise<StoredJob | undefined>;
  /**
   * The newest first. @param caller whose jobs; undefined: everybody's. @param before id of the job that they
   * were accepted before
   */
  list(caller: string | undefined, limit: number, before?: string): Promise<StoredJob[]>;
  /**
   * Gives a job that waits another priority, -100 to 100. Undefined: it has begun or ended, or there is none.
   */
  setPriority(id: string, priority: number): Promise<StoredJob | undefined>;
  /**
   * Ends a job that has not ended, whichever server works on it. Undefined: it has ended, or there is none.
   */
  cancel(id: string): Promise<StoredJob | undefined>;
  /** How far a job is. Undefined: it has not told this server, or has ended. */
  progressOf(id: string): Omit<Progress, 'preview'> | undefined;
  /** The last looks at the unfinished images of a job that this server was told of. */
  previewsOf(id: string): readonly Preview[];
  /** Jobs that have not ended, of all callers and servers. */
  backlog(): Promise<readonly JobBacklog[]>;
  /** How fast jobs are done, by all servers. Rejects with ERR_STORAGE. */
  pace(): Promise<Pace>;
  /** Every job that ends by this server. */
  onEnd(listener: (job: StoredJob) => void): void;
  /** Id under which this server works on jobs. Undefined: it cannot now. */
  readonly holder: string | undefined;
  /** Rejects with ERR_STORAGE where jobs cannot be written at this moment. */
  probe(): Promise<void>;
  /** Stops what is at work here, which is put back for another server, or for the next start. */
  close(): Promise<void>;
}
