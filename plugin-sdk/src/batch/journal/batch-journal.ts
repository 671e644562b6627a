import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { Journal } from '../../journal/journal.js';
import { type BatchRecord, recordSchema } from './record.js';

const inputFile = 'input.jsonl';
const resultsFolder = 'results';

/**
 * The batches of one process: with each record the file that is uploaded, and every paid image that no call
 * has been given yet.
 */
export class BatchJournal extends Journal<BatchRecord> {
  constructor(folder: string) {
    super(folder, recordSchema, 'batch.json');
  }

  /**
   * Whether a batch has a line of one of these calls that may still be made, or whose image is kept. For
   * journals of others: it changes nothing.
   */
  async hasOpen(requestIds: ReadonlySet<string>): Promise<boolean> {
    for (const { id, lines, stage } of await this.peek()) {
      const own = lines.filter(({ requestId = '' }) => requestIds.has(requestId));
      if (own.length === 0) continue;
      const results = await this.results(id);
      if (stage !== 'ended' || own.some(({ customId }) => results.has(customId))) return true;
    }
    return false;
  }

  /** Writes a new batch, with the file that is to be uploaded. */
  async begin(record: BatchRecord, input: string): Promise<void> {
    await this.create(record, { [inputFile]: input });
  }

  async readInput(id: string): Promise<Buffer> {
    return await readFile(this.path(id, inputFile));
  }

  /** Removes what is only needed until the batch has ended. */
  async dropInput(id: string): Promise<void> {
    await rm(this.path(id, inputFile), { force: true });
  }

  /** Keeps the body of an answer with an image, JSON. */
  async saveResult(id: string, customId: string, body: string): Promise<void> {
    await mkdir(this.path(id, resultsFolder), { recursive: true, mode: 0o700 });
    await this.write(id, `${resultsFolder}/${customId}.json`, body);
  }

  async readResult(id: string, customId: string): Promise<string> {
    return await readFile(this.#resultPath(id, customId), 'utf8');
  }

  async dropResult(id: string, customId: string): Promise<void> {
    await rm(this.#resultPath(id, customId), { force: true });
  }

  /** The `custom_id`s of the images that are kept. */
  async results(id: string): Promise<ReadonlySet<string>> {
    const names = await readdir(this.path(id, resultsFolder)).catch(() => []);
    return new Set(names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)));
  }

  #resultPath(id: string, customId: string): string {
    return this.path(id, resultsFolder, `${customId}.json`);
  }
}
