import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError } from '../errors.js';
import { unread, unwritable } from '../paid/failures.js';
import type { Logger } from '../plugin.js';
import type { Progress } from '../result.js';
import { BatchRun } from './batch-run.js';
import type { BatchCall, Delivery } from './call.js';
import { checkSizes } from './check-sizes.js';
import type { BatchDriver } from './driver.js';
import { asPaid } from './failures.js';
import { findFree } from './find-free.js';
import { Gatherer } from './gatherer.js';
import { BatchJournals } from './journal/batch-journals.js';
import { type Ask, Line } from './line.js';
import { mergeProgress } from './progress.js';
import type { BatchSettings } from './settings.js';
import type { Surroundings } from './work.js';
import { writeBatch } from './write-batch.js';

/** Milliseconds between two looks at the journals of other processes. */
const othersMs = 100;

/** A line that a call waits for. */
interface Claim {
  readonly line: Line;
  readonly made: Promise<void>;
  readonly isResumed: boolean;
  readonly report: (progress: Progress) => void;
}

/** Whether a picture that could not be read may be read another time. */
const isKept = (error: unknown): boolean =>
  EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_UNAVAILABLE';

export interface BatchesOptions {
  readonly driver: BatchDriver;
  readonly settings: BatchSettings;
  readonly logger: Logger;
  /** Absolute path of a folder of the plugin's own, where batches outlive its process. */
  readonly storageFolder: string;
}

/** All batches of this process, and those of processes before it that nobody else takes care of. */
export class Batches {
  readonly #driver: BatchDriver;
  readonly #settings: BatchSettings;
  readonly #logger: Logger;
  readonly #journals: BatchJournals;
  readonly #gatherer: Gatherer;
  readonly #runs = new Set<BatchRun>();
  readonly #homes = new WeakMap<Line, BatchRun>();
  readonly #writing = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #surroundings: Surroundings;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: BatchesOptions) {
    const { driver, settings, logger, storageFolder } = options;
    this.#driver = driver;
    this.#settings = settings;
    this.#logger = logger;
    this.#journals = new BatchJournals(storageFolder);
    const send = (lines: readonly Line[]) => this.#track(this.#begin(lines));
    const { mostBytes } = driver;
    this.#gatherer = new Gatherer({ gatherMs: settings.gatherMs, fullAt: settings.fullAt, mostBytes, send });
    // Every batch that waits listens to it.
    setMaxListeners(0, this.#stop.signal);
    const gatherAgain = (lines: readonly Line[]) => {
      for (const line of lines) this.#gatherer.add(line);
    };
    this.#surroundings = { driver, settings, logger, stop: this.#stop.signal, gatherAgain };
  }

  /** Takes up the batches of processes that have ended; to be called before anything else. */
  async refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => {}).then(() => this.#refresh());
    await this.#refreshing;
  }

  /**
   * Has pictures made, or finds them made or on their way, and answers with what `use` makes of them, one
   * outcome each. Pictures that `use` has read are forgotten when the call's result is received; all others
   * are kept.
   *
   * @throws ERR_ABORTED when the signal aborts, and ERR_REQUEST_INVALID for a body that no batch could hold
   */
  async request<T>(
    asks: readonly Ask[],
    { signal, onProgress, received }: BatchCall,
    use: (delivery: Delivery) => Promise<T>,
  ): Promise<PromiseSettledResult<T>[]> {
    checkSizes(asks, this.#driver);
    await this.#refreshFor(asks, signal);
    if (signal.aborted) throw aborted();
    const report = mergeProgress(asks.length, onProgress);
    const claims = asks.map((ask, index) => this.#claim(ask, (progress) => report(index, progress)));
    const giveUp = () => {
      for (const { line } of claims) line.giveUp();
      for (const { line } of claims) this.#homes.get(line)?.noticeGivenUp();
    };
    let onAbort = () => {};
    const cancelled = new Promise<never>((_, reject) => {
      onAbort = () => reject(aborted());
      signal.addEventListener('abort', onAbort, { once: true });
    });
    const work = asks.map(async (ask, index) => {
      const claim = await this.#untilMade(ask, index, claims, signal);
      return await use(await this.#delivery(claim));
    });
    try {
      const outcomes = await Promise.race([Promise.allSettled(work), cancelled]);
      for (const [index, { line }] of claims.entries()) this.#settle(line, outcomes[index], received);
      return outcomes.map((outcome, index) => (claims[index]?.line.wasMade ? ofPaid(outcome) : outcome));
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops all work where it is; the next process takes it up, and pays for it where that was not done. */
  async close(): Promise<void> {
    const closed = new EaselError({ code: 'ERR_PLUGIN_DISABLED', message: 'The plugin is being closed.' });
    this.#stop.abort(closed);
    for (const line of this.#gatherer.close()) line.fail(closed);
    await this.#refreshing.catch(() => {});
    await Promise.all(this.#writing);
    await Promise.all([...this.#runs].map((run) => run.idle()));
    for (const run of this.#runs) for (const line of run.lines) line.leaveBehind(asPaid(closed));
    await this.#journals.close();
  }

  /** Finds what the calls have begun in other processes, and waits for those that are about to end. */
  async #refreshFor(asks: readonly Ask[], signal: AbortSignal): Promise<void> {
    const ids = new Set(asks.flatMap(({ requestId }) => requestId ?? []));
    for (;;) {
      await this.refresh();
      if (ids.size === 0 || signal.aborted || !(await this.#journals.areHeldElsewhere(ids))) return;
      await pause(othersMs, undefined, { signal: this.#stop.signal }).catch(() => {
        throw this.#stop.signal.reason;
      });
    }
  }

  /** Waits for a line; one of a batch that was cancelled, and not made by then, is asked for anew. */
  async #untilMade(ask: Ask, index: number, claims: Claim[], signal: AbortSignal): Promise<Claim> {
    const claim = claims[index] as Claim;
    try {
      await claim.made;
      return claim;
    } catch (error) {
      const isOfCancelled = EaselError.isInstance(error) && error.code === 'ERR_ABORTED';
      if (!isOfCancelled || !claim.isResumed || signal.aborted) throw error;
      claims[index] = this.#claim(ask, claim.report);
      return await this.#untilMade(ask, index, claims, signal);
    }
  }

  /** A free line that asks for the same, or a new one. */
  #claim(ask: Ask, report: (progress: Progress) => void): Claim {
    const found = findFree(this.#runs, ask);
    const { fingerprint, requestId, seed } = ask;
    const line = found ?? new Line({ fingerprint, requestId, seed, ask });
    const made = new Promise<void>((resolve, reject) => {
      line.attach({ made: resolve, fail: reject, report });
      if (line.isMade) resolve();
    });
    // It is awaited a turn later, and may have failed by then.
    made.catch(() => {});
    if (!found) this.#gatherer.add(line);
    return { line, made, isResumed: found !== undefined, report };
  }

  async #delivery({ line, isResumed }: Claim): Promise<Delivery> {
    const run = this.#homes.get(line);
    if (!run) throw new Error('a line that was made has no batch');
    const body = await run.readResult(line);
    const { batchId } = run.record;
    return { body, seed: line.seed, batchId, isResumed, replace: (other) => run.keepResult(line, other) };
  }

  /** Forgets an image that is received; one that was not used, or got lost, is there for the next call. */
  #settle(line: Line, outcome: PromiseSettledResult<unknown> | undefined, received: Promise<boolean>): void {
    if (!line.isMade) return;
    if (outcome?.status === 'fulfilled')
      void received.then((isReceived) => (isReceived ? this.#track(this.#drop(line)) : line.giveUp()));
    else if (isKept(outcome?.reason)) line.giveUp();
    // What cannot be read now cannot be read later.
    else this.#track(this.#drop(line));
  }

  async #drop(line: Line): Promise<void> {
    line.markDelivered();
    const run = this.#homes.get(line);
    await run?.dropResult(line);
    if (run?.isOver) this.#runs.delete(run);
  }

  async #begin(lines: readonly Line[]): Promise<void> {
    try {
      const record = await writeBatch(this.#journals.own, this.#driver, lines);
      const run = new BatchRun(this.#surroundings, this.#journals.own, record, lines);
      this.#add(run);
      run.start();
      // Somebody may have gone while it was written.
      run.noticeGivenUp();
    } catch (cause) {
      for (const line of lines) line.fail(unwritable('A batch', cause));
    }
  }

  #add(run: BatchRun): void {
    this.#runs.add(run);
    for (const line of run.lines) this.#homes.set(line, run);
  }

  async #refresh(): Promise<void> {
    const { keepMs } = this.#settings;
    const onBroken = (name: string, { message }: Error) =>
      this.#logger.error(`The record of a batch cannot be read: ${message}`, { batch: name });
    for (const journal of await this.#journals.takeOver())
      for (const record of await journal.read(onBroken))
        this.#add(await BatchRun.recover(this.#surroundings, journal, record));
    for (const run of this.#runs) {
      const isStale = Date.now() - (run.record.endedAt ?? Number.POSITIVE_INFINITY) > keepMs;
      if (run.isOver || (isStale && !run.lines.some((line) => line.isWaitedFor))) {
        this.#runs.delete(run);
        await run.forget();
      } else run.start();
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) =>
      this.#logger.error(`A batch cannot be tidied up: ${String(error)}`),
    );
    this.#writing.add(tracked);
    void tracked.then(() => this.#writing.delete(tracked));
  }
}

/** What keeps a paid image from being used is not a reason to pay for another one. */
const ofPaid = <T>(outcome: PromiseSettledResult<T>): PromiseSettledResult<T> =>
  outcome.status === 'rejected' && EaselError.isInstance(outcome.reason)
    ? { status: 'rejected', reason: unread(outcome.reason) }
    : outcome;

const aborted = () => new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });
