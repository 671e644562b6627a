import type { Preview, Progress } from '@easel/plugin-sdk';
import type { DatabaseThread } from './database/database-thread.js';
import type { JobBacklog } from './database/job-place.js';
import { fixNow } from './fix-now.js';
import type { NewJob, StoredJob } from './job.js';
import type { JobEvents } from './job-events.js';
import type { AcceptedJob, JobQueue } from './job-queue.js';
import { JobRunner, type JobRunnerOptions } from './job-runner.js';
import { durationOf, type Pace, paceOver } from './pace.js';
import { freezeRequest, isSameRequest } from './stored-request.js';

export interface JobQueueOptions extends JobRunnerOptions {
  /** Jobs that a caller may have waiting. */
  readonly perCaller: () => number;
}

/** Jobs of one machine, in SQLite: they are done by the servers that share its database. */
export class SqliteJobQueue implements JobQueue {
  readonly #runner: JobRunner;
  readonly #options: JobQueueOptions;
  readonly #database: DatabaseThread;
  /** Ids of the rows that have been found broken. */
  readonly #broken = new Set<string>();
  /** Milliseconds that the last jobs took that ended here. */
  readonly #lastMs: number[] = [];

  constructor(options: JobQueueOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#runner = new JobRunner(options);
    this.#runner.onEnd((job) => {
      const tookMs = durationOf(job);
      if (tookMs !== undefined && this.#lastMs.push(tookMs) > paceOver) this.#lastMs.shift();
    });
  }

  get events(): JobEvents {
    return this.#runner.events;
  }

  get holder(): string | undefined {
    return this.#runner.lease.holder;
  }

  start(): void {
    this.#runner.start();
  }

  async submit({
    request: asked,
    grid,
    idempotencyKey,
    webhook,
    startWithinMs,
    ...job
  }: NewJob): Promise<AcceptedJob | undefined> {
    const { manager, inputs, perCaller } = this.#options;
    const request = await freezeRequest(asked, inputs, grid);
    const fixed = await fixNow(manager, asked);
    const now = Date.now();
    const startBefore = startWithinMs === undefined ? undefined : now + startWithinMs;
    const given = { request, fixed, idempotencyKey, webhook, startBefore };
    const row = { ...job, ...given, now, limit: perCaller() };
    const accepted = await this.#database.jobTable.create(row);
    if (!accepted) return undefined;
    if (accepted.isNew) {
      this.#runner.events.tell(accepted.job.id, { type: 'state', job: accepted.job });
      this.#runner.fill();
    }
    const isSame = accepted.isNew || isSameRequest(accepted.request, request);
    return { job: this.#noticed(accepted.job), isNew: accepted.isNew, isSame };
  }

  async get(id: string): Promise<StoredJob | undefined> {
    const job = await this.#database.jobTable.get(id);
    return job && this.#noticed(job);
  }

  async list(caller: string | undefined, limit: number, before?: string): Promise<StoredJob[]> {
    return (await this.#database.jobTable.list(caller, limit, before)).map((job) => this.#noticed(job));
  }

  async setPriority(id: string, priority: number): Promise<StoredJob | undefined> {
    const job = await this.#database.jobTable.setPriority(id, priority);
    if (job) this.#runner.events.tell(id, { type: 'state', job });
    return job;
  }

  async backlog(): Promise<readonly JobBacklog[]> {
    return await this.#database.jobTable.backlog();
  }

  /** Of this server: what others of the folder do is not counted. */
  async pace(): Promise<Pace> {
    const backlog = await this.backlog();
    const count = (state: JobBacklog['state']) => backlog.find((one) => one.state === state)?.count ?? 0;
    const places = this.#options.atOnce();
    return { queued: count('queued'), running: count('running'), places, lastMs: [...this.#lastMs] };
  }

  async cancel(id: string): Promise<StoredJob | undefined> {
    return await this.#runner.cancel(id);
  }

  progressOf(id: string): Omit<Progress, 'preview'> | undefined {
    return this.#runner.progressOf(id);
  }

  previewsOf(id: string): readonly Preview[] {
    return this.#runner.previewsOf(id);
  }

  onEnd(listener: (job: StoredJob) => void): void {
    this.#runner.onEnd(listener);
  }

  async probe(): Promise<void> {
    await this.#runner.lease.beat();
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  #noticed(job: StoredJob): StoredJob {
    if (job.isUnreadable && !this.#broken.has(job.id)) {
      this.#broken.add(job.id);
      this.#options.logger.error(job.error?.message ?? '');
    }
    return job;
  }
}
