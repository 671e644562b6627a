import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Logger, SignOfLife } from '@easel/plugin-sdk';
import type { TaskIdentity } from '../request/picture-tasks.js';
import { pause } from '../transport/pause.js';
import { type Ending, type Entry, type Line, readJournal } from './entry.js';
import { LogFile } from './log-file.js';
import { freeName, isFree, isJournal, ownName } from './owner.js';

export interface JournalOptions {
  /** Absolute path. */
  readonly folder: string;
  /** Milliseconds that a task nobody waits for is kept. */
  readonly keepMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** Milliseconds between two looks at the journals of other processes. */
const othersMs = 200;
/** Lines that are worth being thrown away. */
const compactAt = 2_000;

/**
 * Every task that was sent, on disk before it is sent: what is not on disk is not paid. A task whose call is lost stays, so that the
 * same call gets its pictures when it comes again, and whoever runs next knows what may have been paid.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #file: LogFile;
  readonly #open = new Map<string, Entry>();
  /** Those of them that nobody waits for. */
  readonly #orphans = new Set<string>();
  readonly #signOfLife = new SignOfLife();
  #compacting: Promise<void> | undefined;

  private constructor(options: JournalOptions, file: LogFile) {
    this.#options = options;
    this.#file = file;
    this.#signOfLife.keep(file.path);
  }

  /** Opens one of its own, and takes over those of processes that have ended. */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const file = await LogFile.create(join(options.folder, ownName()));
    const journal = new Journal(options, file);
    await journal.takeOver();
    return journal;
  }

  /** Tasks that have begun and not ended, and that nobody waits for. */
  get orphans(): Entry[] {
    return [...this.#orphans].flatMap((taskUUID) => this.#open.get(taskUUID) ?? []);
  }

  /** Whether {@link adopt} would find one. */
  hasOrphan(identity: TaskIdentity): boolean {
    return this.#findOrphan(identity) !== undefined;
  }

  isOrphan(taskUUID: string): boolean {
    return this.#orphans.has(taskUUID);
  }

  /** Takes what processes that have ended have left. Answers those tasks. */
  async takeOver(): Promise<Entry[]> {
    const { folder } = this.#options;
    const taken: Entry[] = [];
    for (const left of await this.#others()) {
      if (!(await isFree(left))) continue;
      const path = join(folder, ownName());
      try {
        await rename(left, path);
      } catch {
        // Another was faster.
        continue;
      }
      taken.push(...(await this.#take([...readJournal(await readFile(path, 'utf8')).open.values()])));
      await rm(path, { force: true });
    }
    return taken;
  }

  /** Writes tasks down as its own that nobody waits for. Answers those that it had not. */
  async #take(entries: readonly Entry[]): Promise<Entry[]> {
    const unknown = entries.filter(({ taskUUID }) => !this.#open.has(taskUUID));
    for (const entry of unknown) this.#open.set(entry.taskUUID, entry);
    await Promise.all(unknown.map((entry) => this.#file.append({ event: 'begun', ...entry } satisfies Line)));
    for (const { taskUUID } of unknown) this.#orphans.add(taskUUID);
    return unknown;
  }

  /** Paths of the journals of others. */
  async #others(): Promise<string[]> {
    const { folder } = this.#options;
    const paths = (await readdir(folder)).filter(isJournal).map((name) => join(folder, name));
    return paths.filter((path) => path !== this.#file.path);
  }

  /** Writes down a task that is about to be sent. Rejects where that is not possible; it must not be sent then. */
  async begin(entry: Entry): Promise<void> {
    this.#dropOld();
    // Before it is written: the journal may be made smaller in the same moment.
    this.#open.set(entry.taskUUID, entry);
    try {
      await this.#file.append({ event: 'begun', ...entry } satisfies Line);
    } catch (cause) {
      this.#open.delete(entry.taskUUID);
      throw new EaselError({
        code: 'ERR_STORAGE',
        message: `A task could not be written down, and was not sent: ${(cause as Error).message}`,
        hint: 'Make room in, and access to, the storage folder of the plugin.',
        cause,
      });
    }
  }

  /**
   * Gives a task that nobody waits for to the call that it is of, or to another one that asks for the same images. A call without a seed asks
   * for new ones: it gets only what is its own. Undefined: there is none.
   */
  adopt(identity: TaskIdentity): Entry | undefined {
    this.#dropOld();
    const found = this.#findOrphan(identity);
    if (found) this.#orphans.delete(found.taskUUID);
    return found;
  }

  #findOrphan({ fingerprint, requestId, isRepeatable }: TaskIdentity): Entry | undefined {
    if (this.#options.keepMs === 0) return undefined;
    const same = this.orphans.filter((entry) => entry.fingerprint === fingerprint);
    const own = same.find((entry) => requestId !== undefined && entry.requestId === requestId);
    return own ?? (isRepeatable ? same[0] : undefined);
  }

  /**
   * Waits until no other process works on a task of a call: one that was killed with its server may be about to end. What processes that have
   * ended have left is taken over, and so is what another one has abandoned: where its server has lost the call to ours. Rejects with ERR_ABORTED.
   */
  async waitForOthers(requestId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.takeOver();
      if (!(await this.#isWorkedOnElsewhere(requestId))) return;
      await pause(othersMs, signal);
    }
  }

  async #isWorkedOnElsewhere(requestId: string): Promise<boolean> {
    for (const path of await this.#others()) {
      // One that has gone in the meantime was taken over, by us in the next round or by somebody else.
      const text = await readFile(path, 'utf8').catch(() => '');
      const { open, abandoned } = readJournal(text);
      const own = [...open.values()].filter((entry) => entry.requestId === requestId);
      if (own.some(({ taskUUID }) => !abandoned.has(taskUUID))) return true;
      await this.#take(own);
    }
    return false;
  }

  /** Nobody waits for a task any more, though it may have been paid. */
  abandon(taskUUID: string): void {
    if (!this.#open.has(taskUUID)) return;
    this.#orphans.add(taskUUID);
    this.#note({ event: 'abandoned', taskUUID });
  }

  /** A task is `delivered` when the kernel has received its pictures: until then, and after a crash, they can be had again. */
  end(taskUUID: string, ending: Ending): void {
    this.#orphans.delete(taskUUID);
    if (this.#open.delete(taskUUID)) this.#note({ event: 'ended', taskUUID, ending });
  }

  /** Leaves what is open to whoever comes next. */
  async close(): Promise<void> {
    this.#signOfLife.drop(this.#file.path);
    await this.#compacting;
    await this.#file.close();
    if (this.#open.size === 0) await rm(this.#file.path, { force: true });
    else await rename(this.#file.path, join(this.#options.folder, freeName()));
  }

  /** A line that may be lost: the task would only be asked about once more. */
  #note(line: Line): void {
    const { logger } = this.#options;
    this.#file
      .append(line, { isUrgent: false })
      .catch((error: unknown) =>
        logger.warn('the journal cannot be written', { reason: (error as Error).message }),
      );
    if (this.#file.lines < compactAt || this.#file.lines < 4 * this.#open.size) return;
    const lines = () =>
      [...this.#open.values()].map((entry) => ({ event: 'begun', ...entry }) satisfies Line);
    this.#compacting ??= this.#file
      .rewrite(lines)
      .catch((error: unknown) =>
        logger.warn('the journal cannot be made smaller', { reason: (error as Error).message }),
      )
      .finally(() => {
        this.#compacting = undefined;
      });
  }

  #dropOld(): void {
    const { now, keepMs, logger } = this.#options;
    for (const { taskUUID, at, model, count } of this.orphans) {
      if (now() - at <= keepMs) continue;
      logger.warn('a task that nobody has asked for again is forgotten; it may have been paid', {
        taskUUID,
        model,
        count,
      });
      this.end(taskUUID, 'expired');
    }
  }
}
