import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that lines are added to. What many write at once comes to the disk in one go. */
export class LogFile {
  readonly path: string;
  #handle: FileHandle;
  #waiting: { text: string; isUrgent: boolean; resolve: () => void; reject: (reason: unknown) => void }[] =
    [];
  #writing: Promise<void> | undefined;
  /** A write has failed, and may have left a part of a line. */
  #isTorn = false;
  /** Lines that were written. */
  lines = 0;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Makes the file, and its name durable. */
  static async create(path: string): Promise<LogFile> {
    const file = new LogFile(path, await open(path, 'ax', 0o600));
    await syncFolder(dirname(path));
    return file;
  }

  /** Adds a line. Resolves when it is on the disk and would survive a loss of power; `isUrgent: false`: when it is written. */
  append(line: object, { isUrgent = true } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: `${JSON.stringify(line)}\n`, isUrgent, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Puts the lines that count at this moment in the place of all: whole or not at all. */
  async rewrite(lines: () => readonly object[]): Promise<void> {
    while (this.#writing) await this.#writing;
    // What is appended from here on waits for the new file.
    const rewriting = this.#replace(lines());
    this.#writing = rewriting.catch(() => undefined).then(() => this.#write());
    await rewriting;
  }

  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#handle.close();
  }

  async #replace(lines: readonly object[]): Promise<void> {
    const staged = `${this.path}.new`;
    const handle = await open(staged, 'w', 0o600);
    try {
      await handle.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await handle.datasync();
      await rename(staged, this.path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await syncFolder(dirname(this.path));
    await this.#handle.close();
    this.#handle = handle;
    this.#isTorn = false;
    this.lines = lines.length;
  }

  async #write(): Promise<void> {
    // What comes in the same turn goes with it.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#handle.appendFile((this.#isTorn ? '\n' : '') + batch.map(({ text }) => text).join(''));
        this.#isTorn = false;
        if (batch.some(({ isUrgent }) => isUrgent)) await this.#handle.datasync();
        this.lines += batch.length;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#isTorn = true;
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }
}

/** A new name is durable when its folder is; not every system can do that. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
