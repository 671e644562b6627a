import { randomUUID } from 'node:crypto';
import { type HostLogger, isLate, lateError, type StoredJob } from '@easel/core/scale';
import type { ObjectJobRecords } from './records/object-job-records.js';
import type { JobTransport } from './redis/job-transport.js';

export interface StartDeadlineOptions {
  readonly records: ObjectJobRecords;
  readonly transport: JobTransport;
  readonly logger: HostLogger;
  /** Told of a job that has ended here. */
  readonly onEnd: (job: StoredJob) => void;
}

/**
 * Ends the jobs that this server has accepted and that nobody has begun in time, also where no worker is
 * there. Should this server be gone by then, the worker ends it that is brought it late.
 */
export class StartDeadlines {
  readonly #options: StartDeadlineOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: StartDeadlineOptions) {
    this.#options = options;
  }

  set(id: string, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#endLate(id).catch((error: Error) =>
        this.#options.logger.warn(`The job ${id} is ended when its turn comes: ${error.message}`),
      );
    }, milliseconds).unref();
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #endLate(id: string): Promise<void> {
    const { records, transport, onEnd } = this.#options;
    if (records.reader.knownEnd(id) || !(await transport.takeOut(id))) return;
    // No worker is brought it from here on, so that what was written of it is the last.
    const toDo = await records.toDo(id);
    if (!toDo) return;
    const { job, asked, soFar } = toDo;
    const mayEnd = isLate({ ...job, asked: asked?.asked, result: soFar }, Number.POSITIVE_INFINITY);
    if (!mayEnd) return await transport.add({ ...job, lane: await records.reader.laneOf(id) });
    const ended = await records.end(id, randomUUID(), { error: lateError }, Date.now());
    if (ended) onEnd(ended);
  }
}
