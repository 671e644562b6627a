import { randomBytes } from 'node:crypto';
import { link, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { makeFolder } from '../storage/make-folder.js';

/**
 * Writes a file so that under its name there is never a part of it: to a temporary name in the same folder,
 * to the disk, then renamed. The folder is made if it is missing. With `replace: false` an existing file is
 * left alone and the answer is false. Throws ERR_STORAGE where the disk refuses; nothing is left behind then.
 */
export async function writeWholeFile(
  path: string,
  bytes: Uint8Array,
  { replace, mode }: { replace: boolean; mode?: number },
): Promise<boolean> {
  try {
    // Whoever may read the file may enter its folder.
    const folderMode = mode === undefined ? undefined : mode | ((mode & 0o444) >> 2);
    await makeFolder(dirname(path), folderMode);
    // Through a symbolic link, its target is replaced, not the link.
    const target = replace ? await realpath(path).catch(() => path) : path;
    const temporary = join(dirname(target), `.easel-${randomBytes(8).toString('hex')}.tmp`);
    try {
      await writeToDisk(temporary, bytes, mode);
      if (!replace) return await nameIfFree(temporary, target);
      await rename(temporary, target);
      return true;
    } finally {
      await unlink(temporary).catch(() => {});
    }
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}).`,
      cause,
    });
  }
}

async function writeToDisk(path: string, bytes: Uint8Array, mode: number | undefined): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * A hard link takes a name only if it is free, in one step; where there are none, the name is taken by an
 * empty file first.
 */
async function nameIfFree(temporary: string, target: string): Promise<boolean> {
  try {
    await link(temporary, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  }
  try {
    await (await open(target, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rename(temporary, target);
  return true;
}

/** Replaces a file of the storage folder, which only its owner may read, in the same way. */
export async function writePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeWholeFile(path, bytes, { replace: true, mode: 0o600 });
}
