import { EaselError } from '../errors.js';
import type { Progress } from '../result.js';
import { asPaid, asUnpaid, leftBehind } from './failures.js';
import { follow } from './follow.js';
import { importResults } from './import-results.js';
import type { BatchJournal } from './journal/batch-journal.js';
import type { BatchRecord } from './journal/record.js';
import { Line } from './line.js';
import { create, upload } from './submit.js';
import type { Surroundings, Work } from './work.js';

/** One batch on its way, from the disk to the provider and back; begun in this process or in one before. */
export class BatchRun {
  readonly #surroundings: Surroundings;
  readonly #journal: BatchJournal;
  #record: BatchRecord;
  readonly #lines: Line[];
  #working: Promise<void> | undefined;
  #wake = () => {};
  readonly #onStop = () => this.#wake();

  constructor(
    surroundings: Surroundings,
    journal: BatchJournal,
    record: BatchRecord,
    lines: readonly Line[],
  ) {
    this.#surroundings = surroundings;
    this.#journal = journal;
    this.#record = record;
    this.#lines = [...lines];
  }

  /** A batch as it is on disk. Its lines are orphans: their callers may come again. */
  static async recover(
    surroundings: Surroundings,
    journal: BatchJournal,
    record: BatchRecord,
  ): Promise<BatchRun> {
    const results = await journal.results(record.id);
    const lines = record.lines.map(({ customId, fingerprint, requestId, seed }, index) => {
      const line = Object.assign(new Line({ fingerprint, requestId, seed }), {
        customId,
        place: index + 1,
        tries: 1,
      });
      if (results.has(customId)) line.markMade();
      else if (record.stage === 'ended') line.markDelivered();
      else if (record.isCancelled) line.giveUp();
      return line;
    });
    // What was uploaded may have been deleted since: it is looked for, and uploaded again where it is gone.
    const stage = record.stage === 'uploaded' ? 'uploading' : record.stage;
    return new BatchRun(surroundings, journal, { ...record, stage }, lines);
  }

  get record(): BatchRecord {
    return this.#record;
  }

  /** Its lines, without those that have gone to another batch. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Whether nobody needs it any more, on disk or anywhere; what is still being written is needed. */
  get isOver(): boolean {
    return this.#working === undefined && this.#isSpent;
  }

  /**
   * Whether a call could have that line; one of a batch that is being cancelled only its own call, which
   * finds out whether it was made.
   */
  canGive(line: Line, isOwn: boolean): boolean {
    const isOnItsWay = this.#record.stage !== 'ended' && (isOwn || !this.#record.isCancelled);
    return line.isFree && (line.hasCome || isOnItsWay);
  }

  /** Takes the work up where the record says; does nothing while it is being worked on, or has ended. */
  start(): void {
    if (this.#working || this.#record.stage === 'ended') return;
    this.#working = this.#work()
      .catch((error: unknown) => this.#suspend(error))
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** Resolves when it is not worked on. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** To be called when a line has been given up. */
  noticeGivenUp(): void {
    if (this.#isAbandoned) this.#wake();
  }

  async readResult(line: Line): Promise<string> {
    return await this.#journal.readResult(this.#record.id, line.customId);
  }

  async keepResult(line: Line, body: string): Promise<void> {
    await this.#journal.saveResult(this.#record.id, line.customId, body);
  }

  /** Forgets a picture that its caller has, and the batch with its last one. */
  async dropResult(line: Line): Promise<void> {
    await this.#journal.dropResult(this.#record.id, line.customId);
    if (this.isOver) await this.forget();
  }

  async forget(): Promise<void> {
    await this.#journal.remove(this.#record.id);
  }

  get #isSpent(): boolean {
    return this.#record.stage === 'ended' && !this.#lines.some((line) => line.isMade);
  }

  /** Whether nobody wants what is still to be made of it. */
  get #isAbandoned(): boolean {
    const isMade = this.#lines.length > 0 && !this.#lines.some((line) => line.isOpen);
    return !isMade && !this.#lines.some((line) => line.isWanted);
  }

  async #work(): Promise<void> {
    const work = this.#asWork();
    while (this.#record.stage !== 'ended') {
      const { stage } = this.#record;
      if (stage === 'created') {
        await importResults(work, await follow(work));
        await this.#end();
      } else if (stage !== 'creating' && this.#isAbandoned) await this.#discard();
      else if (stage === 'uploaded' || stage === 'creating') await create(work);
      else await upload(work);
    }
  }

  /**
   * Stops working on it. What may be paid stays on disk, for the next call and the next start; all else is
   * dropped.
   */
  async #suspend(error: unknown): Promise<void> {
    const { stop, logger } = this.#surroundings;
    if (stop.aborted) return;
    const known = EaselError.isInstance(error) ? error : unclassified(error);
    logger.error(known.message, { batch: this.#record.id, stage: this.#record.stage });
    const mayBePaid = ['creating', 'created'].includes(this.#record.stage);
    const isLost = known.code === 'ERR_PROVIDER_BAD_RESPONSE' && this.#record.stage === 'created';
    for (const line of this.#lines.filter(({ isOpen }) => isOpen))
      if (mayBePaid && !isLost) line.leaveBehind(leftBehind(known, line.requestId !== undefined));
      else line.fail(isLost ? asPaid(known) : asUnpaid(known));
    if (isLost) await this.#end();
    else if (!mayBePaid) await this.#discard();
  }

  /** Nothing of it has been paid: it is as if it had never been. */
  async #discard(): Promise<void> {
    this.#record = { ...this.#record, stage: 'ended' };
    for (const line of this.#lines.filter(({ isOpen }) => isOpen)) line.fail(abandoned());
    await this.#deleteUpload();
    await this.forget();
  }

  async #end(): Promise<void> {
    await this.#save({ stage: 'ended', endedAt: Date.now() });
    await this.#journal.dropInput(this.#record.id);
    await this.#deleteUpload();
    if (this.#isSpent) await this.forget();
  }

  async #deleteUpload(): Promise<void> {
    const { driver, stop } = this.#surroundings;
    const { fileId } = this.#record;
    // A file that is left over there costs nothing, and nobody has to wait for this.
    if (fileId !== undefined) await driver.deleteUpload(fileId, stop).catch(() => {});
  }

  async #save(change: Partial<BatchRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#journal.update(this.#record);
  }

  #asWork(): Work {
    const run = this;
    return {
      ...this.#surroundings,
      journal: this.#journal,
      lines: this.#lines,
      get record() {
        return run.#record;
      },
      get isAbandoned() {
        return run.#isAbandoned;
      },
      save: (change) => this.#save(change),
      pause: (ms) => this.#pause(ms),
      report: (tell) => this.#report(tell),
      gatherAgain: (lines) => {
        for (const line of lines) this.#lines.splice(this.#lines.indexOf(line), 1);
        this.#surroundings.gatherAgain(lines);
      },
    };
  }

  #report(tell: (place: number) => Progress): void {
    for (const line of this.#lines) if (line.isOpen) line.report(tell(line.place));
  }

  async #pause(ms: number): Promise<void> {
    const { stop } = this.#surroundings;
    stop.throwIfAborted();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
      stop.addEventListener('abort', this.#onStop);
    });
    clearTimeout(timer);
    this.#wake = () => {};
    stop.removeEventListener('abort', this.#onStop);
    stop.throwIfAborted();
  }
}

const unclassified = (error: unknown) =>
  new EaselError({
    code: 'ERR_PLUGIN_FAILED',
    message: `A batch cannot be worked on: ${error instanceof Error ? error.message : String(error)}`,
    cause: error,
  });

const abandoned = () => new EaselError({ code: 'ERR_ABORTED', message: 'Nobody waits for the batch.' });
