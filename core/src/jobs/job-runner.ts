import { EventEmitter, once } from 'node:events';
import { EaselError, type Progress } from '@easel/plugin-sdk';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { embedProvenance } from '../results/embed-provenance.js';
import type { ImageResult } from '../results/image-result.js';
import type { ResultStore } from '../results/result-store.js';
import { hasEnded, type JobError, type JobResult, type NewJob } from './job.js';
import type { JobStore, StoredJob } from './job-store.js';
import { freezeRequest, thawRequest } from './stored-request.js';

/** What listeners of a job are told: how far it is, and that it has changed its state. */
export type JobEvent =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'state'; readonly job: StoredJob };

export interface JobRunnerOptions {
  readonly manager: Pick<ImageServiceManager, 'generateImage'>;
  readonly store: JobStore;
  readonly results: ResultStore;
  /** Where the pictures of requests are kept until their job has ended. */
  readonly inputs: ResultStore;
  /** Jobs at work at once. */
  readonly atOnce: number;
  readonly logger: HostLogger;
}

/** Milliseconds after which a job that found no place in the kernel is tried again. */
const placeMs = 500;

/** Works off the jobs of a store, so many at once; what it had begun when it was ended, it begins again. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #working = new Map<
    string,
    { readonly controller: AbortController; readonly done: Promise<void> }
  >();
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #progress = new Map<string, Omit<Progress, 'preview'>>();
  #isClosed = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    options.store.putBack();
    this.#fill();
  }

  /**
   * Accepts a job: from here on it will be done, whatever happens to its caller or to this process. `isSame` says whether a job that was
   * accepted before under the same key was asked for the same.
   */
  async submit(job: NewJob): Promise<{ job: StoredJob; isNew: boolean; isSame: boolean }> {
    const { store, inputs } = this.#options;
    const request = await freezeRequest(job.request, inputs);
    const accepted = store.create(job, request);
    this.#fill();
    return { ...accepted, isSame: accepted.job.request === request };
  }

  /** How far a job is. Undefined: it has not told, or has ended. */
  progressOf(id: string): Omit<Progress, 'preview'> | undefined {
    return this.#progress.get(id);
  }

  /** Ends a job that has not ended; answers whether it was this that ended it. */
  cancel(id: string): boolean {
    const isEnded = this.#options.store.end(id, 'cancelled');
    this.#working.get(id)?.controller.abort();
    if (isEnded) this.#tellState(id);
    return isEnded;
  }

  /** Resolves when a job has ended. Rejects with the signal's reason. */
  async ended(id: string, signal: AbortSignal): Promise<StoredJob> {
    for (;;) {
      const job = this.#options.store.get(id);
      if (!job || hasEnded(job)) return job as StoredJob;
      await once(this.#events, `state ${id}`, { signal });
    }
  }

  /** Calls the listener for each event of a job; the function that it answers takes it off again. */
  listen(id: string, listener: (event: JobEvent) => void): () => void {
    const names = [`state ${id}`, `progress ${id}`];
    for (const name of names) this.#events.on(name, listener);
    return () => {
      for (const name of names) this.#events.off(name, listener);
    };
  }

  /** Every job that ends. */
  onEnd(listener: (job: StoredJob) => void): void {
    this.#events.on('end', listener);
  }

  /** Stops what is at work, which waits for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const working = [...this.#working.values()];
    for (const { controller } of working) controller.abort();
    await Promise.all(working.map(({ done }) => done));
  }

  #fill(): void {
    while (!this.#isClosed && this.#working.size < this.#options.atOnce) {
      const job = this.#options.store.begin();
      if (!job) return;
      const controller = new AbortController();
      const done = this.#work(job, controller.signal).finally(() => {
        this.#working.delete(job.id);
        this.#progress.delete(job.id);
        this.#fill();
      });
      this.#working.set(job.id, { controller, done });
      this.#tellState(job.id);
    }
  }

  async #work(job: StoredJob, signal: AbortSignal): Promise<void> {
    const { manager, store, results, inputs, logger } = this.#options;
    const { id, caller, priority } = job;
    try {
      const request = await thawRequest(job.request, inputs);
      const onProgress = (progress: Progress) => this.#tellProgress(id, progress);
      const onResult = async (made: ImageResult) =>
        store.end(id, { result: await storeResult(embedProvenance(made), results) });
      await manager.generateImage(request, { signal, onProgress, onResult, caller, priority });
    } catch (error) {
      const isPutBack = this.#isClosed || codeOf(error) === 'ERR_KERNEL_CLOSED';
      if (isPutBack) return store.putBack(id);
      if (codeOf(error) === 'ERR_QUEUE_FULL' && !signal.aborted) return await this.#waitForPlace(id, signal);
      store.end(id, signal.aborted ? 'cancelled' : { error: describe(error) });
      if (!EaselError.isInstance(error)) logger.error(`The job ${id} failed: ${String(error)}`);
    }
    this.#tellState(id);
  }

  async #waitForPlace(id: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, placeMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#options.store.putBack(id);
  }

  #tellProgress(id: string, progress: Progress): void {
    const { preview: _, ...known } = progress;
    this.#progress.set(id, known);
    this.#events.emit(`progress ${id}`, { type: 'progress', progress } satisfies JobEvent);
  }

  #tellState(id: string): void {
    const job = this.#options.store.get(id);
    if (!job) return;
    this.#events.emit(`state ${id}`, { type: 'state', job } satisfies JobEvent);
    if (hasEnded(job)) this.#events.emit('end', job);
  }
}

async function storeResult(made: ImageResult, results: ResultStore): Promise<JobResult> {
  const { images, warnings, cost, timings, provenance } = made;
  const stored = [];
  for (const image of images) {
    const { seed } = image;
    stored.push({
      ...(await results.put(image, { seed, provenance })),
      ...(seed === undefined ? {} : { seed }),
    });
  }
  return { images: stored, warnings, timings, provenance, ...(cost ? { cost } : {}) };
}

const codeOf = (error: unknown) => (EaselError.isInstance(error) ? error.code : undefined);

function describe(error: unknown): JobError {
  if (!EaselError.isInstance(error))
    return { code: 'ERR_INTERNAL', message: 'Easel failed; its log says why.', hint: '' };
  const { code, message, field, hint, plugin, retryAfterMs } = error;
  return {
    code,
    message,
    hint,
    ...(field === undefined ? {} : { field }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
