import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { FixedChoices } from '../kernel/routing/fixed-request.js';
import type { DatabaseThread } from './database/database-thread.js';
import type { JobBacklog } from './database/job-place.js';
import type { NewJob, StoredJob } from './job.js';
import { JobRunner, type JobRunnerOptions } from './job-runner.js';
import { freezeRequest, isSameRequest } from './stored-request.js';

export interface JobQueueOptions extends JobRunnerOptions {
  /** Jobs that a caller may have waiting. */
  readonly perCaller: () => number;
}

/** A job that was accepted now, or before under the same key. */
export interface AcceptedJob {
  readonly job: StoredJob;
  readonly isNew: boolean;
  /** Whether it was asked for the same. */
  readonly isSame: boolean;
}

/** Calls that outlive their callers and the server: accepts them, tells of them, and has them done. */
export class JobQueue {
  readonly runner: JobRunner;
  readonly #options: JobQueueOptions;
  readonly #database: DatabaseThread;
  /** Ids of the rows that have been found broken. */
  readonly #broken = new Set<string>();

  constructor(options: JobQueueOptions) {
    this.#options = options;
    this.#database = options.database;
    this.runner = new JobRunner(options);
  }

  /**
   * Accepts a job: from here on it will be done, whatever happens to its caller or to this process, and it is
   * the same call however often it is carried out. Undefined: too many of its caller's wait. Rejects with
   * ERR_STORAGE.
   */
  async submit({
    request: asked,
    idempotencyKey,
    webhook,
    ...job
  }: NewJob): Promise<AcceptedJob | undefined> {
    const { manager, inputs, perCaller } = this.#options;
    const request = await freezeRequest(asked, inputs);
    const fixed = fixNow(manager, asked);
    const row = { ...job, request, fixed, idempotencyKey, webhook, now: Date.now(), limit: perCaller() };
    const accepted = await this.#database.jobTable.create(row);
    if (!accepted) return undefined;
    if (accepted.isNew) {
      this.runner.events.tell(accepted.job.id, { type: 'state', job: accepted.job });
      this.runner.fill();
    }
    const isSame = accepted.isNew || isSameRequest(accepted.request, request);
    return { job: this.#noticed(accepted.job), isNew: accepted.isNew, isSame };
  }

  async get(id: string): Promise<StoredJob | undefined> {
    const job = await this.#database.jobTable.get(id);
    return job && this.#noticed(job);
  }

  /**
   * The newest first. @param caller whose jobs; undefined: everybody's. @param before id of the job that they
   * were accepted before
   */
  async list(caller: string | undefined, limit: number, before?: string): Promise<StoredJob[]> {
    return (await this.#database.jobTable.list(caller, limit, before)).map((job) => this.#noticed(job));
  }

  /** Jobs that have not ended, of all callers and servers. */
  async backlog(): Promise<readonly JobBacklog[]> {
    return await this.#database.jobTable.backlog();
  }

  #noticed(job: StoredJob): StoredJob {
    if (job.isUnreadable && !this.#broken.has(job.id)) {
      this.#broken.add(job.id);
      this.#options.logger.error(job.error?.message ?? '');
    }
    return job;
  }
}

/**
 * Undefined for a request that is refused now: it is fixed when its turn comes, and fails by that if nothing
 * has changed.
 */
function fixNow(
  manager: Pick<ImageServiceManager, 'fixRequest'>,
  request: NewJob['request'],
): FixedChoices | undefined {
  try {
    return manager.fixRequest(request);
  } catch {
    return undefined;
  }
}
