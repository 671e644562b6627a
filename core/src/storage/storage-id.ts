import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An id that stays with a storage folder: servers on one folder have the same, and others have another.
 * Throws where the folder cannot be written to.
 */
export function storageIdOf(folder: string): string {
  const file = join(folder, 'storage-id');
  try {
    writeFileSync(file, randomUUID(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
