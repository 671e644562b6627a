import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../../whole-file.js';
import { type BatchRecord, recordSchema } from './record.js';

const recordFile = 'batch.json';
const inputFile = 'input.jsonl';
const resultsFolder = 'results';

/**
 * The batches of one process on disk, a folder each: the record, the file that is uploaded, and every paid picture that no call has
 * been given yet. What is not on disk is not paid.
 */
export class Journal {
  /** Absolute path. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** All records that can be read; `onBroken` is told of the others, which stay as they are. */
  async read(onBroken: (name: string, error: Error) => void): Promise<BatchRecord[]> {
    const entries = await readdir(this.folder, { withFileTypes: true });
    const records: BatchRecord[] = [];
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      try {
        records.push(await this.#readRecord(name));
      } catch (error) {
        // Its record is the last that is written of a batch: nothing has been sent of this one.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') await this.remove(name);
        else onBroken(name, error as Error);
      }
    }
    return records.sort((one, other) => one.writtenAt - other.writtenAt);
  }

  /** Whether a batch has a line of one of these calls that may still be made, or whose picture is kept. For journals of others: it changes nothing. */
  async hasOpen(requestIds: ReadonlySet<string>): Promise<boolean> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const record = await this.#readRecord(name).catch(() => undefined);
      const own = (record?.lines ?? []).filter(({ requestId = '' }) => requestIds.has(requestId));
      if (!record || own.length === 0) continue;
      const results = await this.results(name);
      if (record.stage !== 'ended' || own.some(({ customId }) => results.has(customId))) return true;
    }
    return false;
  }

  async #readRecord(name: string): Promise<BatchRecord> {
    return recordSchema.parse(JSON.parse(await readFile(join(this.folder, name, recordFile), 'utf8')));
  }

  /** Writes a new batch, with the file that is to be uploaded. */
  async create(record: BatchRecord, input: string): Promise<void> {
    await mkdir(join(this.folder, record.id, resultsFolder), { recursive: true, mode: 0o700 });
    await writeWholeFile(this.#path(record.id, inputFile), input);
    await this.update(record);
  }

  async update(record: BatchRecord): Promise<void> {
    await writeWholeFile(this.#path(record.id, recordFile), JSON.stringify(record));
  }

  async readInput(id: string): Promise<Buffer> {
    return await readFile(this.#path(id, inputFile));
  }

  /** Removes what is only needed until the batch has ended. */
  async dropInput(id: string): Promise<void> {
    await rm(this.#path(id, inputFile), { force: true });
  }

  /** Keeps the body of an answer with a picture, JSON. */
  async saveResult(id: string, customId: string, body: string): Promise<void> {
    await writeWholeFile(this.#resultPath(id, customId), body);
  }

  async readResult(id: string, customId: string): Promise<string> {
    return await readFile(this.#resultPath(id, customId), 'utf8');
  }

  async dropResult(id: string, customId: string): Promise<void> {
    await rm(this.#resultPath(id, customId), { force: true });
  }

  /** The `custom_id`s of the pictures that are kept. */
  async results(id: string): Promise<ReadonlySet<string>> {
    const names = await readdir(join(this.folder, id, resultsFolder)).catch(() => []);
    return new Set(names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)));
  }

  /** Forgets a batch. */
  async remove(id: string): Promise<void> {
    await rm(join(this.folder, id), { recursive: true, force: true });
  }

  #path(id: string, file: string): string {
    return join(this.folder, id, file);
  }

  #resultPath(id: string, customId: string): string {
    return join(this.folder, id, resultsFolder, `${customId}.json`);
  }
}
