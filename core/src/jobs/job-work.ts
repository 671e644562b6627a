import { setTimeout as delay } from 'node:timers/promises';
import { EaselError, type ErrorCode, type ImageRequest, type Progress } from '@easel/plugin-sdk';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { AskedPlugin, FixedChoices } from '../kernel/routing/fixed-request.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { ResultStore } from '../results/result-store.js';
import { cellsOf, type Grid } from './grid.js';
import { joinCells, progressInGrid } from './grid-result.js';
import type { BegunJob, JobEnd, JobResult, StoredJob } from './job.js';
import { describeFailure, describeUnusable, type StoreOptions, storeResult } from './job-end.js';
import { thawRequest } from './stored-request.js';
import { untilStored } from './until-stored.js';
import type { WorkRecords } from './work-records.js';

export interface WorkOptions extends StoreOptions {
  readonly manager: Pick<ImageServiceManager, 'generateImage' | 'fixRequest'>;
  readonly records: WorkRecords;
  /** Where the images of requests are kept until their job has ended. */
  readonly inputs: ResultStore;
  readonly logger: HostLogger;
}

/** Told while a job is at work. */
export interface WorkListener {
  onProgress(progress: Progress): void;
  /** It has made another cell of its grid. */
  onCell(job: StoredJob): void;
  /** It waits for the storage, and goes on when that is well again. */
  onStuck(error: EaselError): void;
}

/**
 * Milliseconds after which a job that found no place in the kernel is put back, and one that the storage
 * keeps waiting is tried again.
 */
const placeMs = 500;
const storageMs = 2_000;

/**
 * One job on its way, from its request to its end. However often it is carried out, by whichever server, it
 * is the same call: the same id, the same model and seed, and the plugin that was asked last is asked first.
 */
export class JobWork {
  readonly #job: BegunJob;
  readonly #owner: string;
  readonly #options: WorkOptions;
  readonly #listener: WorkListener;
  readonly #controller = new AbortController();
  #stopped: 'cancelled' | 'closed' | 'lost' | undefined;
  #asked: AskedPlugin | undefined;
  #fixed: FixedChoices | undefined;
  /** What the cells of a grid have made. */
  #soFar: JobResult | undefined;
  /** There once the images are; settles when they and the job's end have been written down. */
  #keeping: Promise<StoredJob | undefined> | undefined;

  /** @param owner the server under whose id the job was begun */
  constructor(job: BegunJob, owner: string, options: WorkOptions, listener: WorkListener) {
    this.#job = job;
    this.#owner = owner;
    this.#options = options;
    this.#listener = listener;
    this.#asked = job.asked;
    this.#fixed = job.fixed;
    this.#soFar = job.result;
  }

  get owner(): string {
    return this.#owner;
  }

  /**
   * Stops it: because it has been cancelled, because the server closes, or because it is another server's
   * now.
   */
  stop(why: 'cancelled' | 'closed' | 'lost'): void {
    this.#stopped ??= why;
    this.#controller.abort();
  }

  /** Resolves with the job once it has ended here. Undefined: it was stopped or put back. */
  async run(): Promise<StoredJob | undefined> {
    const { inputs } = this.#options;
    const thawed = await thawRequest(this.#job.request, inputs).catch((error: Error) => error);
    if (thawed instanceof Error) return await this.#keep(async () => ({ error: describeUnusable(thawed) }));
    const { request, grid } = thawed;
    while (!this.#stopped) {
      try {
        return await (grid ? this.#makeGrid(request, grid) : this.#make(request));
      } catch (error) {
        if (codeOf(error) === 'ERR_KERNEL_CLOSED') this.stop('closed');
        if (this.#stopped) break;
        if (codeOf(error) === 'ERR_QUEUE_FULL') {
          await this.#pause(placeMs);
          await this.#putBack();
          return undefined;
        }
        if (codeOf(error) === 'ERR_PROVIDER_RATE_LIMITED' && (await this.#putOff(error as EaselError)))
          return undefined;
        if (codeOf(error) !== 'ERR_STORAGE') return await this.#fail(error);
        this.#tellStuck(error as EaselError);
        await this.#pause(storageMs);
      }
    }
    if (this.#stopped === 'closed') await this.#putBack();
    return undefined;
  }

  async #make(request: ImageRequest): Promise<StoredJob | undefined> {
    try {
      await this.#call(request, {
        requestId: this.#job.id,
        onProgress: (progress) => this.#listener.onProgress(progress),
        onResult: async (made) => {
          this.#keeping = this.#keep(async () => ({ result: await made() }));
          // The plugin keeps its images for whoever has the job now.
          this.#assertOwn((await this.#keeping) !== undefined);
        },
      });
    } catch (error) {
      // Images that are there count, whatever the call says, such as that writing them took too long.
      if (!this.#keeping) throw error;
    }
    return await this.#keeping;
  }

  /** Makes the cells one after the other; those that are written down are not made again. */
  async #makeGrid(request: ImageRequest, grid: Grid): Promise<StoredJob | undefined> {
    const cells = cellsOf(grid, request);
    for (;;) {
      const place = this.#soFar?.images.length ?? 0;
      const cell = cells[place];
      if (!cell) break;
      try {
        await this.#call(cell, {
          requestId: `${this.#job.id}-${place}`,
          onProgress: (progress) => this.#listener.onProgress(progressInGrid(progress, place, cells.length)),
          onResult: (made) => this.#keepCell(made),
        });
      } catch (error) {
        if (this.#stopped || this.#soFar?.images.length !== place + 1) throw error;
      }
    }
    const result = this.#soFar;
    return result && (await this.#keep(async () => ({ result })));
  }

  async #keepCell(make: () => Promise<JobResult>): Promise<void> {
    const { records } = this.#options;
    const write = async () => {
      const cell = await make();
      const soFar = this.#soFar ? joinCells([this.#soFar, cell]) : cell;
      const job = await records.noteCell(this.#job.id, this.#owner, { soFar, cell }, Date.now());
      if (job) this.#soFar = soFar;
      return job;
    };
    const job = await untilStored(write, this.#controller.signal, (error) => this.#tellStuck(error));
    this.#assertOwn(job !== undefined);
    if (job) this.#listener.onCell(job);
  }

  async #call(
    request: ImageRequest,
    {
      requestId,
      onProgress,
      onResult,
    }: {
      readonly requestId: string;
      readonly onProgress: (progress: Progress) => void;
      /** Given what stores the images that were made. */
      readonly onResult: (store: () => Promise<JobResult>) => Promise<void>;
    },
  ): Promise<void> {
    const { manager, records } = this.#options;
    const { id, caller, priority } = this.#job;
    const fixed = this.#fixed ?? (await this.#fix(request));
    const source = request.inputImages?.length ? 'edited' : 'made';
    await manager.generateImage(request, {
      signal: this.#controller.signal,
      onProgress,
      caller,
      priority,
      requestId,
      fixed,
      askFirst: this.#asked,
      beforeAsking: async (asked) => {
        this.#asked = asked;
        this.#assertOwn(await records.noteAsked(id, this.#owner, asked));
      },
      onResult: (made) => onResult(() => storeResult(made, this.#options, source)),
    });
  }

  /** For jobs that could not be fixed when they were accepted. */
  async #fix(request: ImageRequest): Promise<FixedChoices> {
    const fixed = await this.#options.manager.fixRequest(request);
    this.#fixed = fixed;
    this.#assertOwn(await this.#options.records.fix(this.#job.id, this.#owner, fixed));
    return fixed;
  }

  #assertOwn(isOwn: boolean): void {
    if (isOwn) return;
    this.stop('lost');
    throw new EaselError({ code: 'ERR_ABORTED', message: 'The job is no longer this server’s.' });
  }

  async #fail(error: unknown): Promise<StoredJob | undefined> {
    const { logger } = this.#options;
    if (!EaselError.isInstance(error)) logger.error(`The job ${this.#job.id} failed: ${String(error)}`);
    return await this.#keep(async () => ({ error: describeFailure(error) }));
  }

  /**
   * Writes an end down as soon as the storage takes it. Undefined: the job is another server's now, or was
   * cancelled.
   */
  async #keep(makeEnd: () => Promise<JobEnd>): Promise<StoredJob | undefined> {
    const { records } = this.#options;
    const write = async () => await records.end(this.#job.id, this.#owner, await makeEnd(), Date.now());
    return await untilStored(write, this.#controller.signal, (error) => this.#tellStuck(error));
  }

  #tellStuck(error: EaselError): void {
    this.#options.logger.warn(`The job ${this.#job.id} waits: ${error.message}`);
    this.#listener.onStuck(error);
  }

  async #putBack(): Promise<void> {
    const { records, logger } = this.#options;
    await records.putBack(this.#job.id, this.#owner).catch((error: Error) => {
      // It is put back when this server is found to have ended, or does not know of it.
      logger.warn(`The job ${this.#job.id} cannot be put back now: ${error.message}`);
    });
  }

  async #putOff({ mayBePaid, retryAfterMs }: EaselError): Promise<boolean> {
    const { records } = this.#options;
    return !mayBePaid && ((await records.putOff?.(this.#job.id, this.#owner, retryAfterMs)) ?? false);
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#controller.signal }).catch(() => {});
  }
}

const codeOf = (error: unknown): ErrorCode | undefined =>
  EaselError.isInstance(error) ? error.code : undefined;
