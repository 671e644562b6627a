import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCodes } from '../error-table.js';
import { createFile, writeWholeFile } from '../whole-file.js';

const recordEnding = '.json';
const answerEnding = '.answer';

const recordSchema = z.object({
  version: z.literal(1),
  /** Of the call, for people. */
  requestId: z.string(),
  /** Who sends it. */
  owner: z.object({
    id: z.string().default(''),
    pid: z.int().positive(),
    startedAt: z.string(),
    space: z.string().default(''),
  }),
  /** What it has failed with, where it may have been paid all the same. Absent: it has not. */
  failure: z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string() }).optional(),
});
export type RequestRecord = z.output<typeof recordSchema>;

/** Names a request by its call and by what tells it from others of the call. */
export const nameOf = (requestId: string, identity: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([requestId, ...identity]))
    .digest('hex');

/**
 * Requests on disk, two files each: the record, written before the request is sent, and the answer, as soon
 * as it has been read.
 */
export class RequestFiles {
  readonly #folder: string;

  /** @param folder absolute path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes the record of a request that is about to be sent. Answers false where there is one already. */
  async begin(name: string, record: RequestRecord): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    try {
      await createFile(this.#path(name, recordEnding), JSON.stringify(record));
      // Of a request that was removed while the process was killed.
      await rm(this.#path(name, answerEnding), { force: true });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Undefined: there is none, or none that can be read. */
  async read(name: string): Promise<RequestRecord | undefined> {
    const text = await readFile(this.#path(name, recordEnding), 'utf8').catch(() => '');
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  async update(name: string, record: RequestRecord): Promise<void> {
    await writeWholeFile(this.#path(name, recordEnding), JSON.stringify(record));
  }

  async keep(name: string, answer: string): Promise<void> {
    await writeWholeFile(this.#path(name, answerEnding), answer);
  }

  /** Undefined: there is none. */
  async readAnswer(name: string): Promise<string | undefined> {
    return await readFile(this.#path(name, answerEnding), 'utf8').catch(() => undefined);
  }

  /** The answer goes last: where its record is gone it is taken for none. */
  async remove(name: string): Promise<void> {
    await rm(this.#path(name, recordEnding), { force: true });
    await rm(this.#path(name, answerEnding), { force: true });
  }

  /** Names of the requests whose newest file was written before a time, in milliseconds since 1970. */
  async olderThan(time: number): Promise<string[]> {
    const newest = new Map<string, number>();
    for (const file of await readdir(this.#folder).catch(() => [])) {
      const { mtimeMs } = await stat(join(this.#folder, file)).catch(() => ({ mtimeMs: 0 }));
      const name = file.slice(0, file.indexOf('.'));
      newest.set(name, Math.max(newest.get(name) ?? 0, mtimeMs));
    }
    return [...newest].filter(([, at]) => at < time).map(([name]) => name);
  }

  /** Of the record of a request, which its owner renews while it is on its way. */
  pathOf(name: string): string {
    return this.#path(name, recordEnding);
  }

  #path(name: string, ending: string): string {
    return join(this.#folder, `${name}${ending}`);
  }
}
