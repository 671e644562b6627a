import type { HostLogger, StoredJob } from '@easel/core/scale';
import { hasEnded } from '@easel/core/scale';
import type { ObjectJobRecords } from './records/object-job-records.js';
import type { JobTransport } from './redis/job-transport.js';

/** Milliseconds after which a job that was never written down will not be: its gateway has ended. */
const neverMs = 600_000;
/** Share of the time between two looks for which no other server looks. */
const turnShare = 0.9;
/** Objects that a list has at most. */
const pageSize = 1_000;

export interface ReconcilerOptions {
  readonly records: ObjectJobRecords;
  readonly transport: JobTransport;
  readonly reconcileMs: number;
  readonly logger: HostLogger;
  /** Told of a job whose end nobody has noticed. */
  readonly onEnd: (job: StoredJob) => void;
}

/**
 * Compares the records with the queue now and then: what was accepted and is in the queue no more, as Redis
 * has lost it, is put there again; and an end is noticed that nobody could tell of.
 * Of all servers, one does it at a time.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    // Servers that were started together do not all do it at once.
    this.#plan(Math.random() * this.#options.reconcileMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    await this.#running;
  }

  #plan(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#reconcile()
        .catch((error: Error) =>
          this.#options.logger.warn(`The jobs cannot be compared with the queue now: ${error.message}`),
        )
        .finally(() => {
          if (!this.#closing.signal.aborted) this.#plan(this.#options.reconcileMs);
        });
    }, waitMs).unref();
  }

  async #reconcile(): Promise<void> {
    const { records, transport, reconcileMs } = this.#options;
    if (!(await transport.mayCompare(reconcileMs * turnShare))) return;
    for (let after: string | undefined; ; ) {
      const open = await records.open(after);
      const queued = await transport.places(open.map(({ key }) => key));
      for (const { key, writtenAt } of open) {
        if (this.#closing.signal.aborted) return;
        if (!queued.has(key)) await this.#mend(key, writtenAt);
      }
      after = open.at(-1)?.key;
      if (open.length < pageSize) return;
    }
  }

  async #mend(id: string, writtenAt: number): Promise<void> {
    const { records, transport, onEnd } = this.#options;
    const job = await records.get(id);
    if (job && hasEnded(job)) onEnd(job);
    else if (job) await transport.add({ ...job, lane: await records.reader.laneOf(id) });
    else if (Date.now() - writtenAt > neverMs) await records.settle(id);
  }
}
