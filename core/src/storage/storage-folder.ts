import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { writePrivateFile } from '../results/write-whole-file.js';

/**
 * The folder that a server keeps its things in. One that was moved away while the server runs, or whose disk
 * was, is not made anew in its place: it could not be put back then, and what lies there would be lost.
 */
export class StorageFolder {
  /** Absolute. */
  readonly path: string;
  /** Absolute path of the database of jobs, by which the folder is known. */
  readonly database: string;

  constructor(path: string) {
    this.path = path;
    this.database = join(path, 'jobs.db');
  }

  /**
   * Writes a file in it, whole or not at all, which only its owner may read. Rejects with ERR_STORAGE.
   *
   * @param path absolute
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await access(this.database).catch((cause: NodeJS.ErrnoException) => {
      throw new EaselError({
        code: 'ERR_STORAGE',
        message: `${this.path} is gone, or may not be read (${cause.code}): it was moved or removed while the server runs.`,
        hint: 'Put it back; work goes on by itself then.',
        cause,
      });
    });
    await writePrivateFile(path, bytes);
  }
}
