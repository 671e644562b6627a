import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../results/write-whole-file.js';

/**
 * An id that stays with a storage folder: servers on one folder have the same, and others have another.
 * Rejects with ERR_STORAGE where the folder cannot be written to.
 */
export async function storageIdOf(folder: string): Promise<string> {
  const file = join(folder, 'storage-id');
  await writeWholeFile(file, Buffer.from(randomUUID()), { replace: false, mode: 0o600 });
  return (await readFile(file, 'utf8')).trim();
}
