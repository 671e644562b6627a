import type { Preview, Progress } from '@easel/plugin-sdk';
import type { DatabaseThread } from './database/database-thread.js';
import type { BegunJob, StoredJob } from './job.js';
import { JobEvents } from './job-events.js';
import { JobPreviews } from './job-previews.js';
import type { JobPlace } from './job-records.js';
import { JobWork, type WorkOptions } from './job-work.js';
import { ServerLease } from './server-lease.js';

export interface JobRunnerOptions extends Omit<WorkOptions, 'records'> {
  readonly database: DatabaseThread;
  /** Jobs at work at once. */
  readonly atOnce: () => number;
}

/** Milliseconds between two looks for jobs that other servers have accepted, or left. */
const lookMs = 2_000;

/**
 * Works off the jobs of a database, so many at once, beside other servers; what a server leaves, one that
 * lives takes up.
 */
export class JobRunner {
  readonly events: JobEvents;
  readonly lease: ServerLease;
  readonly #options: JobRunnerOptions;
  readonly #database: DatabaseThread;
  readonly #working = new Map<string, { readonly work: JobWork; readonly done: Promise<void> }>();
  readonly #progress = new Map<string, Omit<Progress, 'preview'>>();
  readonly #previews = new JobPreviews();
  readonly #endListeners: ((job: StoredJob) => void)[] = [];
  #filling: Promise<void> | undefined;
  #fillAgain = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: JobRunnerOptions) {
    const { database, logger } = options;
    this.#options = options;
    this.#database = database;
    this.events = new JobEvents(
      database.jobTable,
      () => this.#working.keys(),
      (id, place) => this.#checkPlace(id, place),
    );
    this.lease = new ServerLease({
      database,
      logger,
      onLost: () => {
        for (const { work } of this.#working.values()) work.stop('lost');
      },
      onChange: () => this.fill(),
    });
  }

  start(): void {
    this.events.start();
    this.lease.start();
    this.#timer = setInterval(() => this.fill(), lookMs).unref();
  }

  /** How far a job is that this server works on. Undefined: it has not told, or has ended. */
  progressOf(id: string): Omit<Progress, 'preview'> | undefined {
    return this.#progress.get(id);
  }

  /** The last looks at the unfinished images of a job that this server works on, or did a moment ago. */
  previewsOf(id: string): readonly Preview[] {
    return this.#previews.of(id);
  }

  /**
   * Ends a job that has not ended, whichever server works on it. Undefined: it has ended, or there is none.
   */
  async cancel(id: string): Promise<StoredJob | undefined> {
    const job = await this.#database.jobTable.cancel(id, this.lease.holder ?? '', Date.now());
    this.#working.get(id)?.work.stop('cancelled');
    if (job) this.#tellEnd(job);
    return job;
  }

  /** Every job that ends by this server. */
  onEnd(listener: (job: StoredJob) => void): void {
    this.#endListeners.push(listener);
  }

  /** Begins jobs that wait, where there are places. To be called when one has been accepted. */
  fill(): void {
    if (this.#isClosed) return;
    this.#fillAgain = true;
    this.#filling ??= this.#beginJobs()
      .catch((error: Error) =>
        this.#options.logger.warn(`Jobs that wait cannot be begun now: ${error.message}`),
      )
      .finally(() => {
        this.#filling = undefined;
      });
  }

  /** Stops what is at work, which is put back for the next start, or for another server. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.events.stop();
    await this.#filling;
    const working = [...this.#working.values()];
    for (const { work } of working) work.stop('closed');
    await Promise.all(working.map(({ done }) => done));
    await this.lease
      .close()
      .catch((error: Error) => this.#options.logger.warn(`Jobs cannot be let go of now: ${error.message}`));
  }

  async #beginJobs(): Promise<void> {
    const { jobTable } = this.#database;
    if (this.lease.holder !== undefined)
      await jobTable.putBackStrays(this.lease.holder, [...this.#working.keys()]);
    while (this.#fillAgain) {
      this.#fillAgain = false;
      while (!this.#isClosed) {
        const owner = this.lease.holder;
        if (owner === undefined) break;
        const now = Date.now();
        for (const late of await jobTable.endLate(owner, now)) this.#tellEnd(late);
        if (this.#working.size >= this.#options.atOnce()) break;
        const job = await jobTable.begin(owner, now);
        if (!job) break;
        this.#begin(job, owner);
      }
    }
  }

  #begin(job: BegunJob, owner: string): void {
    const { id } = job;
    const work = new JobWork(
      job,
      owner,
      { ...this.#options, records: this.#database.jobTable },
      {
        onProgress: (progress) => {
          const { preview, ...known } = progress;
          this.#progress.set(id, known);
          if (preview) this.#previews.set(id, preview);
          this.events.tell(id, { type: 'progress', progress });
        },
        onCell: (changed) => this.events.tell(id, { type: 'state', job: changed }),
        onStuck: (error) => this.events.tell(id, { type: 'stuck', error }),
      },
    );
    const done = work
      .run()
      .then(
        (ended) => ended && this.#tellEnd(ended),
        (error: Error) => this.#options.logger.error(`The job ${id} could not be ended: ${error.message}`),
      )
      .finally(() => {
        this.#working.delete(id);
        this.#progress.delete(id);
        this.#previews.end(id);
        this.fill();
      });
    this.#working.set(id, { work, done });
    this.events.tell(id, { type: 'state', job });
  }

  /** Another server may have cancelled a job of this one, or have taken it over. */
  #checkPlace(id: string, place: JobPlace | undefined): void {
    const work = this.#working.get(id)?.work;
    if (place?.state === 'cancelled') work?.stop('cancelled');
    else if (place?.state === 'queued' || (place?.state === 'running' && place.owner !== work?.owner))
      work?.stop('lost');
  }

  #tellEnd(job: StoredJob): void {
    this.events.tell(job.id, { type: 'state', job });
    for (const listener of this.#endListeners) listener(job);
  }
}
