import { Worker } from 'bullmq';

/** What the queue keeps with a job beside its id. */
export interface JobData {
  /** How many workers had lost it in the lane that it was in before. Absent: none. */
  readonly lost?: number;
  /** Since when it waits for the worker on which it may have been paid, and how many had lost it by then. */
  readonly wait?: { readonly since: number; readonly lostBefore: number };
  /** How often its provider had no room for it. */
  readonly refusals?: number;
}

/** A lane whose jobs are taken one by one, by whoever asks for the next. */
export class LaneWorker extends Worker<JobData> {
  protected override createBackend(): void {
    // Nobody waits for this lane alone, so it needs no connection to wait with.
    this.backend = this.backendFactory(this.name, this.opts, { withBlockingConnection: false });
  }
}
