import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { syncFolder, writeWholeFile } from '../whole-file.js';

/** What the record of every entry has. */
export interface JournalRecord {
  /** Name of its folder: letters, digits and hyphens. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/**
 * Paid work of one process on disk, a folder for each entry: its record, and the files that belong to it.
 * Each file is there whole or not at all, also after a loss of power. What is not on disk is not paid.
 */
export class Journal<Record extends JournalRecord> {
  /** Absolute path. */
  readonly folder: string;
  readonly #schema: z.ZodType<Record>;
  readonly #recordFile: string;

  constructor(folder: string, schema: z.ZodType<Record>, recordFile = 'record.json') {
    this.folder = folder;
    this.#schema = schema;
    this.#recordFile = recordFile;
  }

  /**
   * All records that can be read, the oldest first; `onBroken` is told of the others, which stay as they are.
   */
  async read(onBroken: (name: string, error: Error) => void): Promise<Record[]> {
    const entries = await readdir(this.folder, { withFileTypes: true });
    const records: Record[] = [];
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      try {
        records.push(await this.readRecord(name));
      } catch (error) {
        // The record is the last that is written of an entry: nothing has been sent of this one.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') await this.remove(name);
        else onBroken(name, error as Error);
      }
    }
    return records.sort((one, other) => one.writtenAt - other.writtenAt);
  }

  /** The records that can be read, for journals of others: it changes nothing. */
  async peek(): Promise<Record[]> {
    const names = await readdir(this.folder).catch(() => []);
    const read = await Promise.all(names.map((name) => this.readRecord(name).catch(() => undefined)));
    return read.filter((record) => record !== undefined);
  }

  async readRecord(id: string): Promise<Record> {
    return this.#schema.parse(JSON.parse(await readFile(this.path(id, this.#recordFile), 'utf8')));
  }

  /**
   * Writes a new entry, its files first. Rejects where that is not possible; its work must not begin then.
   */
  async create(record: Record, files: Readonly<{ [name: string]: string }> = {}): Promise<void> {
    await mkdir(this.path(record.id), { recursive: true, mode: 0o700 });
    try {
      for (const [name, content] of Object.entries(files)) await this.write(record.id, name, content);
      await this.update(record);
      await syncFolder(this.folder);
    } catch (error) {
      await this.remove(record.id).catch(() => {});
      throw error;
    }
  }

  /**
   * Writes the record of an entry anew. Rejects with ENOENT where the entry has been removed, or moved to
   * another journal.
   */
  async update(record: Record): Promise<void> {
    await this.write(record.id, this.#recordFile, JSON.stringify(record));
  }

  /** Writes a file of an entry, whose folder exists. */
  async write(id: string, name: string, content: string | Uint8Array): Promise<void> {
    await writeWholeFile(this.path(id, name), content);
  }

  /** Absolute path of an entry's folder, or of what is in it. */
  path(id: string, ...names: readonly string[]): string {
    return join(this.folder, id, ...names);
  }

  /** Takes an entry out of another journal. Answers false where somebody else was faster. */
  async moveHere(from: string): Promise<boolean> {
    return await rename(from, this.path(basename(from))).then(
      () => true,
      () => false,
    );
  }

  /** Forgets an entry, with its files. */
  async remove(id: string): Promise<void> {
    await rm(this.path(id), { recursive: true, force: true });
  }
}
