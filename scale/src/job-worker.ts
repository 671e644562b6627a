import { randomUUID } from 'node:crypto';
import {
  describeFailure,
  isLate,
  type JobError,
  JobWork,
  lateError,
  type ResultStore,
  type SharedHost,
  type StoredJob,
} from '@easel/core/scale';
import { EaselError, type Progress } from '@easel/plugin-sdk';
import { laneOfHome } from './lanes/lane.js';
import { DamagedObject } from './object-store.js';
import type { ObjectJobRecords } from './records/object-job-records.js';
import { describeFiles, type JobToDo } from './records/record-files.js';
import type { Carrier, Delivery, Outcome } from './redis/delivery.js';
import type { JobChannel } from './redis/job-channel.js';
import type { JobTransport } from './redis/job-transport.js';

/** Workers that a job may have cost before it is given up. */
const mostLost = 3;
/** How often a job waits for a provider that has no room for it, before it fails. */
const mostRefusals = 5;
/** Milliseconds that it waits where the provider does not say for how long, and at most. */
const [unknownRefusalMs, longestRefusalMs] = [10_000, 300_000];
/** Milliseconds between two messages of how far a job is. */
const progressMs = 500;
/** Milliseconds after which a job is left to others whose images the store does not take from here. */
const stuckMs = 20_000;
const previewMs = 250;

export interface WorkerOptions {
  readonly host: SharedHost;
  readonly records: ObjectJobRecords;
  readonly transport: JobTransport;
  readonly channel: JobChannel;
  readonly results: ResultStore;
  readonly inputs: ResultStore;
  /** Milliseconds that a job waits for the worker on which it may have been paid. */
  readonly returnMs: number;
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

  async carryOut({ id, lane, lostBefore, waitedMs, refusals, takenAt }: Delivery): Promise<Outcome> {
    if (this.#isClosed) return 'closed';
    const { records, transport } = this.#options;
    const toDo = await records.toDo(id).catch((error: unknown) => {
      if (error instanceof DamagedObject) return error;
      throw error;
    });
    // It cannot be read another time either.
    if (toDo instanceof DamagedObject)
      return await this.#giveUp(id, { ...describeFailure(toDo), mayBePaid: await records.wasAsked(id) });
    if (!toDo) {
      // It was cancelled before it was in the queue, or another worker has ended it, and could not say so.
      const ended = await records.get(id);
      if (ended) await transport.forget({ ...ended, lane: await records.reader.laneOf(id) });
      return 'ended';
    }
    const elsewhere = this.#paidElsewhere(toDo);
    if (elsewhere && waitedMs < this.#options.returnMs) {
      const home = laneOfHome(elsewhere.storageId);
      if (lane === home) return 'elsewhere';
      // Of many workers, the one that it waits for is brought it as soon as it is there again.
      const { caller, priority } = toDo.job;
      await transport.add({ id, caller, priority, lane: home }, lostBefore);
      return 'ended';
    }
    const { job, asked, soFar } = toDo;
    if (isLate({ ...job, asked: asked?.asked, result: soFar }, takenAt))
      return await this.#giveUp(id, lateError);
    const failure = elsewhere
      ? unknowable(elsewhere.asked.plugin)
      : lostBefore > mostLost
        ? poisonous(id, lostBefore, toDo.asked !== undefined)
        : undefined;
    return failure ? await this.#giveUp(id, describeFailure(failure)) : await this.#work(toDo, refusals);
  }

  async #giveUp(id: string, error: JobError): Promise<Outcome> {
    const { records, onEnd } = this.#options;
    const ended = await records.end(id, randomUUID(), { error }, Date.now());
    if (ended) onEnd(ended);
    return 'ended';
  }

  /** Who may have been paid for a job by a worker whose notes are not here. */
  #paidElsewhere({ asked }: JobToDo): JobToDo['asked'] {
    return asked && asked.storageId !== this.#options.host.storageId ? asked : undefined;
  }

  stop(id: string, why: 'cancelled' | 'lost'): void {
    this.#working.get(id)?.stop(why);
  }

  /** Stops what is at work, for another worker to do. */
  close(): void {
    this.#isClosed = true;
    for (const work of this.#working.values()) work.stop('closed');
  }

  async #work({ job, fixed, asked, soFar }: JobToDo, refusals: number): Promise<Outcome> {
    const { host, records, results, inputs, channel, onEnd } = this.#options;
    const { id } = job;
    const startedAt = Date.now();
    let outcome: Outcome = 'ended';
    let mayBePaid = asked !== undefined;
    let stuckSince: number | undefined;
    const work = new JobWork(
      {
        ...describeFiles(job, undefined),
        ...{ state: 'running', startedAt, request: job.request },
        ...(fixed && { fixed }),
        ...(asked && { asked: asked.asked }),
        ...(soFar && { result: soFar }),
      },
      // A try of its own: what an earlier one is late to write is not this one's.
      randomUUID(),
      {
        manager: host.manager,
        mark: host.mark,
        logger: host.logger,
        results,
        inputs,
        records: {
          fix: (...values) => records.fix(...values),
          noteAsked: async (job, owner, plugin) => {
            mayBePaid ||= plugin.isPaid !== false;
            return await records.noteAsked(job, owner, plugin);
          },
          noteCell: (one, owner, made) => records.noteCell(one, owner, made),
          end: (...values) => records.end(...values, startedAt),
          putBack: async () => {
            outcome = this.#isClosed ? 'closed' : 'later';
          },
          putOff: async (_id, _owner, retryAfterMs = unknownRefusalMs) => {
            if (refusals >= mostRefusals) return false;
            // It was refused, and nobody was paid: another worker may ask, too.
            await records.withdrawAsked(id);
            outcome = { refusedMs: Math.min(retryAfterMs, longestRefusalMs) };
            return true;
          },
        },
      },
      {
        onProgress: this.#tellProgress(id),
        onCell: () => channel.tell({ type: 'state', id }),
        onStuck: () => {
          stuckSince ??= performance.now();
          // It may be this server alone that does not reach the store. What was paid nobody else can have.
          if (!mayBePaid && performance.now() - stuckSince > stuckMs) work.stop('lost');
        },
      },
    );
    this.#working.set(id, work);
    channel.tell({ type: 'state', id, startedAt });
    try {
      const ended = await work.run();
      if (ended) onEnd(ended);
      else if (outcome === 'ended' && (await records.reader.endOf(id)) === undefined) return 'lost';
      return outcome;
    } finally {
      this.#working.delete(id);
    }
  }

  #tellProgress(id: string): (progress: Progress) => void {
    const { channel } = this.#options;
    let toldAt = 0;
    let lookedAt = 0;
    return ({ preview, ...progress }) => {
      const now = performance.now();
      if (preview && now - lookedAt >= previewMs) {
        lookedAt = now;
        void channel.tellPreview(id, progress, preview).catch(() => {});
      }
      if (now - toldAt < progressMs && progress.fraction !== 1) return;
      toldAt = now;
      channel.tell({ type: 'progress', id, progress });
    };
  }
}

const poisonous = (id: string, times: number, mayBePaid: boolean) =>
  new EaselError({
    code: 'ERR_PLUGIN_CRASHED',
    message: `The job ${id} was given up: ${times} workers ended or were cut off while they worked on it.`,
    ...(mayBePaid && { mayBePaid }),
  });

const unknowable = (plugin: string) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    plugin,
    message: `The worker that had asked the plugin "${plugin}" is gone, and with it what it knew; the job may have been paid.`,
    hint: 'Look into the account of the provider, and submit the job again, under another key, if you take the risk of paying twice.',
    mayBePaid: true,
  });
