import { randomUUID } from 'node:crypto';
import {
  type AcceptedJob,
  durationOf,
  fixNow,
  freezeRequest,
  hasEnded,
  isSameRequest,
  type JobBacklog,
  JobEvents,
  type JobPlace,
  type JobQueue,
  type NewJob,
  type Pace,
  type ResultStore,
  type SharedHost,
  type StoredJob,
} from '@easel/core/scale';
import type { Preview, Progress } from '@easel/plugin-sdk';
import { JobWorker } from './job-worker.js';
import { laneOf, laneOfName } from './lanes/lane.js';
import { Reconciler } from './reconciler.js';
import type { ObjectJobRecords } from './records/object-job-records.js';
import type { JobChannel, JobMessage } from './redis/job-channel.js';
import type { JobConsumer } from './redis/job-consumer.js';
import type { JobTransport } from './redis/job-transport.js';
import { StartDeadlines } from './start-deadlines.js';
import { together } from './together.js';

/** Milliseconds between two looks at jobs that somebody listens to; messages come at once, or are lost. */
const lookMs = 2_000;

export interface SharedJobOptions {
  readonly host: SharedHost;
  readonly records: ObjectJobRecords;
  readonly transport: JobTransport;
  readonly channel: JobChannel;
  readonly results: ResultStore;
  readonly inputs: ResultStore;
  readonly reconcileMs: number;
  readonly returnMs: number;
  /** Begins to take jobs. */
  readonly consume: (worker: JobWorker) => JobConsumer;
}

/**
 * Jobs that all servers accept and tell of, and that workers do. The records are what counts; the queue can
 * be made again of them.
 */
export class SharedJobQueue implements JobQueue {
  readonly holder: string = randomUUID();
  readonly events: JobQueue['events'];
  readonly #events: JobEvents;
  readonly #previews = new Map<string, Map<number, Preview>>();
  readonly #options: SharedJobOptions;
  readonly #worker: JobWorker;
  readonly #reconciler: Reconciler;
  readonly #deadlines: StartDeadlines;
  readonly #progress = new Map<string, Omit<Progress, 'preview'>>();
  readonly #endListeners: ((job: StoredJob) => void)[] = [];
  #consumer: JobConsumer | undefined;

  constructor(options: SharedJobOptions) {
    const { host, channel } = options;
    this.#options = options;
    this.#events = new JobEvents(
      { get: (id) => this.get(id), places: (ids) => this.#places(ids) },
      () => [],
      () => {},
      lookMs,
    );
    this.events = {
      ended: (id, signal) => this.#events.ended(id, signal),
      listen: (id, listener) => together(this.#events.listen(id, listener), channel.look(id)),
      listenToAll: (listener) => together(this.#events.listenToAll(listener), channel.look()),
    };
    const onEnd = (job: StoredJob) => this.#settle(job);
    this.#worker = new JobWorker({ ...options, onEnd });
    const watching = { ...options, logger: host.logger, onEnd };
    this.#reconciler = new Reconciler(watching);
    this.#deadlines = new StartDeadlines(watching);
  }

  start(): void {
    const { channel, host, consume } = this.#options;
    channel.listen((message) => {
      if (message.type !== 'document') void this.#hear(message).catch(() => {});
    });
    this.#events.start();
    this.#reconciler.start();
    if (host.isWorker) this.#consumer = consume(this.#worker);
  }

  async submit({ request: asked, grid, startWithinMs, ...job }: NewJob): Promise<AcceptedJob | undefined> {
    const { host, records, transport, channel, inputs } = this.#options;
    const limit = host.perCaller();
    // Refused at once where the queue is not there: nothing has been accepted yet.
    const { count, now: queueNow } = await transport.outstanding(job.caller);
    if (count >= limit && !(await records.isKnown(job.caller, job.idempotencyKey))) return undefined;
    const request = await freezeRequest(asked, inputs, grid);
    const fixed = await fixNow(host.manager, asked);
    const lane = fixed ? laneOf(fixed.model) : laneOfName(host.models(), asked.model);
    const { idempotencyKey, webhook, ...others } = job;
    const startBefore = startWithinMs === undefined ? undefined : queueNow + startWithinMs;
    const given = { request, fixed, lane, idempotencyKey, webhook, startBefore };
    const accepted = await records.create({ ...others, ...given, now: Date.now(), limit });
    const { id } = accepted.job;
    if (!hasEnded(accepted.job)) {
      // Accepted it is; what is not in the queue now, the reconciler puts there.
      const job = { ...accepted.job, lane: await records.reader.laneOf(id) };
      await transport.add(job).catch((error: Error) => host.logger.warn(error.message));
      channel.tell({ type: 'state', id });
      if (accepted.isNew && startWithinMs !== undefined) this.#deadlines.set(id, startWithinMs);
    }
    return { ...accepted, isSame: accepted.isNew || isSameRequest(accepted.request, request) };
  }

  async get(id: string): Promise<StoredJob | undefined> {
    return (await this.#describe([id]))[0];
  }

  async list(caller: string | undefined, limit: number, before?: string): Promise<StoredJob[]> {
    return await this.#describe(await this.#options.records.listIds(caller, limit, before));
  }

  async setPriority(id: string, priority: number): Promise<StoredJob | undefined> {
    const { records, transport, channel } = this.#options;
    if (!(await transport.setPriority(id, priority))) return undefined;
    await records.setPriority(id, priority);
    channel.tell({ type: 'state', id });
    return await this.get(id);
  }

  async cancel(id: string): Promise<StoredJob | undefined> {
    const { records, transport } = this.#options;
    const job = await records.cancel(id, this.holder, Date.now());
    if (!job) return undefined;
    // The end is written: whatever is made from now on is not published.
    await transport.cancel(id).catch(() => {});
    this.#worker.stop(id, 'cancelled');
    this.#settle(job);
    return job;
  }

  progressOf(id: string): Omit<Progress, 'preview'> | undefined {
    return this.#progress.get(id);
  }

  previewsOf(id: string): readonly Preview[] {
    return [...(this.#previews.get(id)?.values() ?? [])];
  }

  async backlog(): Promise<readonly JobBacklog[]> {
    const pace = await this.#options.transport.pace();
    return (['queued', 'running'] as const).map((state) => ({ state, count: pace[state] }));
  }

  async pace(): Promise<Pace> {
    return await this.#options.transport.pace();
  }

  onEnd(listener: (job: StoredJob) => void): void {
    this.#endListeners.push(listener);
  }

  async probe(): Promise<void> {
    await this.#options.transport.probe();
  }

  async close(): Promise<void> {
    this.#events.stop();
    this.#deadlines.close();
    await this.#reconciler.close();
    // No more jobs, and those at work may finish; what does not is for another worker.
    const late = setTimeout(() => this.#worker.close(), this.#options.host.drainMs);
    await this.#consumer?.close();
    clearTimeout(late);
  }

  /** All that is to be done once the end of a job is written, by whoever wrote it or found it. */
  #settle(job: StoredJob): void {
    const { transport, channel, records, host } = this.#options;
    const { id } = job;
    for (const listener of this.#endListeners) listener(job);
    const settle = async () => {
      const lane = await records.reader.laneOf(id);
      await transport.forget({ ...job, lane }, durationOf(job)).finally(() => {
        // Whoever hears of it and asks another server finds the end there, too.
        channel.tell({ type: 'state', id, end: records.reader.knownEnd(id) });
      });
      // The last, as the reconciler does all of it again for as long as this was not done.
      await records.settle(id);
    };
    void settle().catch((error: Error) =>
      host.logger.debug(`The job ${id} has ended, which is noted later: ${error.message}`),
    );
  }

  async #hear(message: Exclude<JobMessage, { type: 'document' }>): Promise<void> {
    const { id } = message;
    if (message.type === 'progress') {
      const { preview, ...progress } = message.progress;
      this.#progress.set(id, progress);
      if (preview) this.#previews.set(id, (this.#previews.get(id) ?? new Map()).set(preview.index, preview));
      return this.#events.tell(id, message);
    }
    // It has begun or ended, and tells anew how far it is.
    this.#progress.delete(id);
    this.#previews.delete(id);
    if (!this.#events.isHeard(id)) return;
    const { startedAt, end } = message;
    if (end !== undefined) this.#options.records.reader.learnEnd(id, end);
    const job = await (startedAt === undefined ? this.get(id) : this.#options.records.reader.unended(id));
    if (!job) return;
    const begun: StoredJob = startedAt === undefined ? job : { ...job, state: 'running', startedAt };
    this.#events.tell(id, { type: 'state', job: begun });
  }

  /** Where jobs are: by the queue, and by the records those that it has no more. */
  async #places(ids: readonly string[]): Promise<JobPlace[]> {
    const { transport, records } = this.#options;
    const queued = await transport
      .places(ids.filter((id) => !records.reader.knownEnd(id)))
      .catch(() => new Map());
    const known = [...queued].map(([id, { state }]) => ({ id, state, owner: null }));
    return [...known, ...(await records.places(ids.filter((id) => !queued.has(id))))];
  }

  /**
   * Jobs as they are now. One that waits or runs by the queue has no end that anybody was told of: the
   * records are not asked for it.
   */
  async #describe(ids: readonly string[]): Promise<StoredJob[]> {
    const { records, transport } = this.#options;
    const unknown = ids.filter((id) => !records.reader.knownEnd(id));
    // Where the queue cannot say, a job that has not ended waits.
    const places = await transport.places(unknown).catch(() => new Map());
    const jobs = await Promise.all(
      ids.map(async (id): Promise<StoredJob | undefined> => {
        const place = places.get(id);
        const job = await (place ? records.reader.unended(id) : records.get(id));
        if (!job || place?.state !== 'running') return job;
        return { ...job, state: 'running', ...(place.startedAt && { startedAt: place.startedAt }) };
      }),
    );
    return jobs.filter((job) => job !== undefined);
  }
}
