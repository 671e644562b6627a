import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files below a plugin's storage whose path fits. Folders may go while they are read. */
function filesIn(storageFolder: string, pattern: RegExp): string[] {
  return readdirSync(storageFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => pattern.test(path))
    .map((path) => join(storageFolder, path));
}

/** Records of batches on disk. */
export const recordsIn = (storageFolder: string): string[] => filesIn(storageFolder, /batch\.json$/);

/** Paid pictures on disk that no call has been given yet. */
export const keptPicturesIn = (storageFolder: string): string[] =>
  filesIn(storageFolder, /results.[^.]+\.json$/);
