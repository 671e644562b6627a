import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The database of jobs, which SQLite copies. */
export const databaseName = 'jobs.db';

/**
 * Files and folders that a backup has of a storage folder, beside the database. What plugins keep is not in
 * it: prepared networks are made again, and journals of paid work belong to the moment.
 */
export const keptEntries = ['results', 'inputs', 'cache', 'catalogue', 'keys.json', 'keys-required'] as const;

export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Copies a file, or a folder with all that is in it. What goes away meanwhile is left out. */
export async function copyEntry(from: string, to: string): Promise<void> {
  try {
    const about = await stat(from);
    if (!about.isDirectory()) return await copyFile(from, to, constants.COPYFILE_FICLONE);
    await mkdir(to, { mode: 0o700 });
    // Others are being written at this moment.
    for (const name of await readdir(from))
      if (!name.startsWith('.easel-')) await copyEntry(join(from, name), join(to, name));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** How many files there are, and what they hold. */
export async function measureEntry(path: string): Promise<Amount> {
  const about = await lstat(path);
  if (!about.isDirectory()) return { files: 1, bytes: about.size };
  let sum: Amount = { files: 0, bytes: 0 };
  for (const name of await readdir(path)) {
    const { files, bytes } = await measureEntry(join(path, name));
    sum = { files: sum.files + files, bytes: sum.bytes + bytes };
  }
  return sum;
}
