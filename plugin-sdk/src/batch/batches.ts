import { setMaxListeners } from 'node:events';
import { EaselError } from '../errors.js';
import type { Logger } from '../plugin.js';
import type { Progress } from '../result.js';
import { BatchRun } from './batch-run.js';
import type { BatchDriver } from './driver.js';
import { Gatherer } from './gatherer.js';
import { Journals } from './journal/journals.js';
import { type Ask, Line } from './line.js';
import { mergeProgress } from './progress.js';
import type { BatchSettings } from './settings.js';
import type { Surroundings } from './work.js';
import { frameBytes, writeBatch } from './write-batch.js';

/** A paid picture. */
export interface Delivery {
  /** The body of the provider's answer, JSON. */
  readonly body: string;
  readonly seed: number | undefined;
  /** The provider's id of its batch. */
  readonly batchId: string | undefined;
  /** Whether it was on its way, or there, before the call came. */
  readonly isResumed: boolean;
}

/** Whether a picture that could not be read may be read another time. */
const isKept = (error: unknown): boolean =>
  EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_UNAVAILABLE';

export interface BatchCall {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Whether the kernel has received the result of the call; until then its pictures stay on disk. */
  readonly received: Promise<boolean>;
}

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
  readonly #journals: Journals;
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
    this.#journals = new Journals(storageFolder);
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

  /** Finds the batches of processes that have ended, and takes all work up that rests; to be called before anything else. */
  async refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => {}).then(() => this.#refresh());
    await this.#refreshing;
  }

  /**
   * Has pictures made, or finds them made or on their way, and answers with what `use` makes of them, one outcome each. Pictures that
   * `use` has read are forgotten when the call's result is received; all others are kept.
   *
   * @throws ERR_ABORTED when the signal aborts, and ERR_REQUEST_INVALID for a body that no batch could hold
   */
  async request<T>(
    asks: readonly Ask[],
    { signal, onProgress, received }: BatchCall,
    use: (delivery: Delivery) => Promise<T>,
  ): Promise<PromiseSettledResult<T>[]> {
    checkSizes(asks, this.#driver);
    await this.refresh();
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
    const work = claims.map(async ({ line, made, isResumed }) => {
      await made;
      const used = await use(await this.#delivery(line, isResumed));
      return used;
    });
    try {
      const outcomes = await Promise.race([Promise.allSettled(work), cancelled]);
      for (const [index, { line }] of claims.entries()) this.#settle(line, outcomes[index], received);
      return outcomes;
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops all work where it is; the next process takes it up. */
  async close(): Promise<void> {
    const closed = new EaselError({ code: 'ERR_PLUGIN_DISABLED', message: 'The plugin is being closed.' });
    this.#stop.abort(closed);
    for (const line of this.#gatherer.close()) line.fail(closed);
    await this.#refreshing.catch(() => {});
    await Promise.all(this.#writing);
    await Promise.all([...this.#runs].map((run) => run.idle()));
    for (const run of this.#runs) for (const line of run.lines) line.leaveBehind(closed);
    await this.#journals.close();
  }

  /** A free line that asks for the same, or a new one. */
  #claim(ask: Ask, report: (progress: Progress) => void) {
    const found = this.#findFree(ask.fingerprint);
    const line = found ?? new Line({ fingerprint: ask.fingerprint, seed: ask.seed, ask });
    const made = new Promise<void>((resolve, reject) => {
      line.attach({ made: resolve, fail: reject, report });
      if (line.isMade) resolve();
    });
    // It is awaited a turn later, and may have failed by then.
    made.catch(() => {});
    if (!found) this.#gatherer.add(line);
    return { line, made, isResumed: found !== undefined };
  }

  #findFree(fingerprint: string): Line | undefined {
    let onItsWay: Line | undefined;
    for (const run of this.#runs)
      for (const line of run.lines) {
        if (line.fingerprint !== fingerprint || !run.canGive(line)) continue;
        if (line.isMade) return line;
        onItsWay ??= line;
      }
    return onItsWay;
  }

  async #delivery(line: Line, isResumed: boolean): Promise<Delivery> {
    const run = this.#homes.get(line);
    if (!run) throw new Error('a line that was made has no batch');
    const body = await run.readResult(line);
    return { body, seed: line.seed, batchId: run.record.batchId, isResumed };
  }

  /** A picture that was used is forgotten when it is received; one that was not, or got lost, is there for the next call. */
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
      const message = `A batch cannot be written to disk: ${(cause as Error).message}`;
      for (const line of lines) line.fail(new EaselError({ code: 'ERR_PLUGIN_FAILED', message, cause }));
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

const aborted = () => new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });

function checkSizes(asks: readonly Ask[], { provider, mostBytes }: BatchDriver): void {
  for (const { body } of asks) {
    const bytes = Buffer.byteLength(body) + frameBytes;
    if (bytes <= mostBytes) continue;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `inputImages: they make a request of ${bytes} bytes; a batch at ${provider} has ${mostBytes}.`,
    });
  }
}
