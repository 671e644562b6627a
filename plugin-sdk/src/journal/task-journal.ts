import { mkdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { aborted, unwritable } from '../paid/failures.js';
import type { Logger } from '../plugin.js';
import { Journal } from './journal.js';
import { Journals } from './journals.js';
import { type NewTask, type TaskIdentity, type TaskRecord, taskRecordSchema } from './task-record.js';

export interface TaskJournalOptions {
  /** Absolute path of a folder of the plugin's own. */
  readonly folder: string;
  /** Milliseconds that a task nobody waits for is kept. */
  readonly keepMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** A task that has begun and not ended, and where it is written. */
interface Held {
  record: TaskRecord;
  readonly journal: Journal<TaskRecord>;
}

/** Milliseconds between two looks at the journals of other processes. */
const othersMs = 200;

/**
 * Tasks of a provider that are paid one by one, each on disk before it is sent. A task whose call is lost
 * stays, so that the same call gets its images when it comes again under the same `requestId`, and whoever
 * runs next knows what may have been paid.
 */
export class TaskJournal {
  readonly #options: TaskJournalOptions;
  readonly #journals: Journals<Journal<TaskRecord>>;
  readonly #open = new Map<string, Held>();
  /** The last write of each task: what is written of one comes to the disk in its order. */
  readonly #writing = new Map<string, Promise<unknown>>();
  #takingOver: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(options: TaskJournalOptions) {
    this.#options = options;
    const open = (folder: string) => new Journal(folder, taskRecordSchema);
    this.#journals = new Journals({ storageFolder: options.folder, prefix: 'tasks-', open });
  }

  /** Opens one of its own, and takes over those of processes that have ended. */
  static async open(options: TaskJournalOptions): Promise<TaskJournal> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const journal = new TaskJournal(options);
    await journal.takeOver();
    return journal;
  }

  /** Tasks that have begun and not ended, and that nobody waits for. */
  get orphans(): TaskRecord[] {
    return [...this.#open.values()].flatMap(({ record }) => (record.isAbandoned ? record : []));
  }

  /** Whether {@link adopt} would find one. */
  hasOrphan(identity: TaskIdentity): boolean {
    return this.#findOrphan(identity, () => true) !== undefined;
  }

  isOrphan(id: string): boolean {
    return this.#open.get(id)?.record.isAbandoned === true;
  }

  /** Takes what processes that have ended have left. Answers those tasks. */
  async takeOver(): Promise<TaskRecord[]> {
    const work = this.#takingOver.catch(() => {}).then(() => this.#takeOver());
    this.#takingOver = work;
    return await work;
  }

  async #takeOver(): Promise<TaskRecord[]> {
    const { logger } = this.#options;
    const onBroken = (name: string, { message }: Error) =>
      logger.error(`The record of a task cannot be read: ${message}`, { task: name });
    const taken: TaskRecord[] = [];
    for (const journal of await this.#journals.takeOver())
      for (const record of await journal.read(onBroken)) taken.push(this.#hold(record, journal));
    return taken;
  }

  #hold(record: TaskRecord, journal: Journal<TaskRecord>): TaskRecord {
    const left = { ...record, isAbandoned: true };
    this.#open.set(record.id, { record: left, journal });
    return left;
  }

  /**
   * Writes down a task that is about to be sent. Rejects with ERR_STORAGE where that is not possible; it must
   * not be sent then.
   */
  async begin(task: NewTask): Promise<void> {
    const record: TaskRecord = { ...task, version: 1, isAbandoned: false };
    try {
      if (this.#isClosed) throw new Error('the journal is closed');
      const journal = this.#journals.own;
      await journal.create(record);
      this.#open.set(record.id, { record, journal });
    } catch (cause) {
      throw unwritable('A task', cause);
    }
  }

  /** Writes down what the provider has answered when it took a task. Rejects where that is not possible. */
  async keepTicket(id: string, ticket: TaskRecord['ticket']): Promise<void> {
    await this.#change(id, { ticket });
  }

  /** Keeps a file with a task, such as an image whose address expires. */
  async keepFile(id: string, name: string, content: string | Uint8Array): Promise<void> {
    const held = this.#open.get(id);
    if (held) await this.#inOrder(id, () => held.journal.write(id, name, content));
  }

  /** Absolute path of a file that is kept with a task. Undefined: the task is not of this journal. */
  pathOf(id: string, name: string): string | undefined {
    return this.#open.get(id)?.journal.path(id, name);
  }

  /**
   * Gives a task that nobody waits for to the call that it is of, or to another one that asks for the same
   * images. A call without a seed asks for new ones: it gets only what is its own. Undefined: there is none.
   *
   * @param isWanted whether a task of another call is of use. Absent: each is
   */
  async adopt(
    identity: TaskIdentity,
    isWanted: (task: TaskRecord) => boolean = () => true,
  ): Promise<TaskRecord | undefined> {
    this.#dropOld();
    for (;;) {
      const found = this.#findOrphan(identity, isWanted);
      if (!found) return undefined;
      const { id } = found;
      try {
        await this.#change(id, { isAbandoned: false });
        return this.#open.get(id)?.record;
      } catch (error) {
        // Another process has taken it.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#open.delete(id);
        else return this.#open.get(id)?.record;
      }
    }
  }

  #findOrphan(
    { fingerprint, requestId, isRepeatable }: TaskIdentity,
    isWanted: (task: TaskRecord) => boolean,
  ): TaskRecord | undefined {
    if (this.#options.keepMs === 0) return undefined;
    const same = this.orphans.filter((record) => record.fingerprint === fingerprint);
    const own = same.find((record) => requestId !== undefined && record.requestId === requestId);
    return own ?? (isRepeatable ? same.find(isWanted) : undefined);
  }

  /**
   * Waits until no other process works on a task of a call: one that was killed with its server may be about
   * to end. What processes that have ended have left is taken over, and so is what another one has abandoned:
   * where its server has lost the call to ours. Rejects with ERR_ABORTED.
   */
  async waitForOthers(requestId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.takeOver();
      if (!(await this.#isWorkedOnElsewhere(requestId))) return;
      await pause(othersMs, undefined, { signal }).catch(() => {
        throw aborted();
      });
    }
  }

  async #isWorkedOnElsewhere(requestId: string): Promise<boolean> {
    const { own } = this.#journals;
    for (const journal of await this.#journals.others()) {
      const records = (await journal.peek()).filter((record) => record.requestId === requestId);
      if (records.some(({ isAbandoned }) => !isAbandoned)) return true;
      for (const record of records) if (await own.moveHere(journal.path(record.id))) this.#hold(record, own);
    }
    return false;
  }

  /** Nobody waits for a task any more, though it may have been paid. */
  abandon(id: string): void {
    this.#note(id, this.#change(id, { isAbandoned: true }));
  }

  /**
   * A task has ended: it failed, or the kernel has received its images. Until then, and after a crash, they
   * can be had again.
   */
  end(id: string): void {
    const held = this.#open.get(id);
    if (!held) return;
    this.#open.delete(id);
    this.#note(
      id,
      this.#inOrder(id, () => held.journal.remove(id)),
    );
  }

  /** Leaves what is open to whoever comes next. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#writing.values());
    await this.#journals.close();
  }

  /** The change counts at once, and is on disk when it resolves. */
  async #change(id: string, change: Partial<TaskRecord>): Promise<void> {
    const held = this.#open.get(id);
    if (!held) return;
    held.record = { ...held.record, ...change };
    const { record, journal } = held;
    await this.#inOrder(id, () => journal.update(record));
  }

  async #inOrder(id: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(id) ?? Promise.resolve();
    const writing = before.catch(() => {}).then(work);
    this.#writing.set(id, writing);
    const isLast = () => this.#writing.get(id) === writing;
    await writing.finally(() => isLast() && this.#writing.delete(id));
  }

  /** What may be lost: the task would only be asked about once more. */
  #note(id: string, writing: Promise<void>): void {
    const { logger } = this.#options;
    writing.catch((error: unknown) =>
      logger.warn('the journal cannot be written', { task: id, reason: (error as Error).message }),
    );
  }

  #dropOld(): void {
    const { now, keepMs, logger } = this.#options;
    for (const { id, writtenAt, model, count } of this.orphans) {
      if (now() - writtenAt <= keepMs) continue;
      const message = 'a task that nobody has asked for again is forgotten; it may have been paid';
      logger.warn(message, { task: id, model, count });
      this.end(id);
    }
  }
}
