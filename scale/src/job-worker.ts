import { randomUUID } from 'node:crypto';
import {
  describeFailure,
  type JobError,
  JobWork,
  type ResultStore,
  type SharedHost,
  type StoredJob,
} from '@easel/core/scale';
import { EaselError, type Progress } from '@easel/plugin-sdk';
import type { JobToDo, ObjectJobRecords } from './records/object-job-records.js';
import { describeFiles } from './records/record-files.js';
import type { JobChannel } from './redis/job-channel.js';
import type { Carrier, Delivery, Outcome } from './redis/job-consumer.js';

/** Workers that a job may have cost before it is given up. */
const mostLost = 3;
/** Milliseconds between two messages of how far a job is. */
const progressMs = 500;

export interface WorkerOptions {
  readonly host: SharedHost;
  readonly records: ObjectJobRecords;
  readonly channel: JobChannel;
  readonly results: ResultStore;
  readonly inputs: ResultStore;
  /** Told once the end of a job has been written here. */
  readonly onEnd: (job: StoredJob) => void;
}

/** Does the jobs that the queue brings, each from its record to its end. */
export class JobWorker implements Carrier {
  readonly #options: WorkerOptions;
  readonly #working = new Map<string, JobWork>();
  #isClosed = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  async carryOut({ id, lostBefore }: Delivery): Promise<Outcome> {
    if (this.#isClosed) return 'closed';
    const { records, onEnd } = this.#options;
    const toDo = await records.toDo(id);
    // Another one has ended it, and was cut off before it could say so to the queue.
    if (!toDo) return 'ended';
    if (lostBefore > mostLost) {
      const ended = await records.end(id, randomUUID(), { error: poisonous(id, lostBefore) }, Date.now());
      if (ended) onEnd(ended);
      return 'ended';
    }
    return await this.#work(toDo);
  }

  stop(id: string, why: 'cancelled' | 'lost'): void {
    this.#working.get(id)?.stop(why);
  }

  /** Stops what is at work, for another worker to do. */
  close(): void {
    this.#isClosed = true;
    for (const work of this.#working.values()) work.stop('closed');
  }

  async #work({ job, fixed, asked }: JobToDo): Promise<Outcome> {
    const { host, records, results, inputs, channel, onEnd } = this.#options;
    const { id } = job;
    const startedAt = Date.now();
    let outcome: Outcome = 'ended';
    const work = new JobWork(
      {
        ...describeFiles(job, undefined),
        ...{ state: 'running', startedAt, request: job.request },
        ...(fixed && { fixed }),
        ...(asked && { asked }),
      },
      // A try of its own: what an earlier one is late to write is not this one's.
      randomUUID(),
      {
        manager: host.manager,
        logger: host.logger,
        results,
        inputs,
        records: {
          fix: (...values) => records.fix(...values),
          noteAsked: (...values) => records.noteAsked(...values),
          end: (...values) => records.end(...values, startedAt),
          putBack: async () => {
            outcome = this.#isClosed ? 'closed' : 'later';
          },
        },
      },
      {
        onProgress: this.#tellProgress(id),
        onStuck: () => {},
      },
    );
    this.#working.set(id, work);
    channel.tell({ type: 'state', id });
    try {
      const ended = await work.run();
      if (ended) onEnd(ended);
      else if (outcome === 'ended' && (await records.endOf(id)) === undefined) return 'lost';
      return outcome;
    } finally {
      this.#working.delete(id);
    }
  }

  #tellProgress(id: string): (progress: Progress) => void {
    let toldAt = 0;
    return ({ preview: _, ...progress }) => {
      const now = performance.now();
      if (now - toldAt < progressMs && progress.fraction !== 1) return;
      toldAt = now;
      this.#options.channel.tell({ type: 'progress', id, progress });
    };
  }
}

const poisonous = (id: string, times: number): JobError =>
  describeFailure(
    new EaselError({
      code: 'ERR_PLUGIN_CRASHED',
      message: `The job ${id} was given up: ${times} workers ended or were cut off while they worked on it.`,
    }),
  );
