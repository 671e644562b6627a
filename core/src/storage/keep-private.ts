import { chmodSync, closeSync, type Dirent, lstatSync, openSync, readdirSync } from 'node:fs';
import { chmod, lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolderSync } from './make-folder.js';

/** What its owner may do, and nobody else. */
const ownersBits = 0o700;
const privateFile = 0o600;

/**
 * Makes a folder that only its owner may look into, or closes one that is there, and the files in it, to
 * others.
 */
export function makePrivateFolder(folder: string): void {
  makeFolderSync(folder, ownersBits);
  closeToOthers(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) closeToOthers(join(folder, entry.name));
}

/** What belongs to somebody else stays as it is. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, lstatSync(path).mode & ownersBits);
  } catch (error) {
    if (!['EPERM', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/**
 * Makes an empty file that only its owner may read, or closes one that is there to others. Its folder is
 * made, if it is missing.
 */
export function makePrivateFile(file: string): void {
  makeFolderSync(dirname(file), ownersBits);
  closeSync(openSync(file, 'a', privateFile));
  closeToOthers(file);
}

/**
 * Takes from everybody but its owner what they may do with a folder and all that is in it, files of earlier
 * versions among them. Symbolic links are not followed.
 *
 * @returns paths that stay as they are, because they belong to somebody else
 */
export async function keepPrivate(folder: string): Promise<string[]> {
  const left: string[] = [];
  const close = async (path: string) => {
    const about = await lstat(path).catch(() => undefined);
    if (!about || about.isSymbolicLink()) return;
    const mode = about.mode & 0o777;
    if ((mode & ~ownersBits) !== 0)
      await chmod(path, mode & ownersBits).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') left.push(path);
      });
    if (!about.isDirectory()) return;
    const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const { name } of entries) await close(join(path, name));
  };
  await close(folder);
  return left;
}
