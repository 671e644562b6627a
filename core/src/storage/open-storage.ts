import { accessSync, constants } from 'node:fs';
import { EaselError } from '@easel/plugin-sdk';
import { assertRestored } from '../backup/restore-marker.js';
import { makePrivateFolder } from './keep-private.js';

export const storageHint =
  'Set EASEL_STORAGE, or "storageFolder" in easel.config.json, to a folder that this process may write to.';

/**
 * Makes the storage folder, for its owner alone. Throws ERR_STORAGE where nothing can be written to it, and
 * while a backup is being restored into it.
 */
export function openStorage(folder: string): void {
  try {
    makePrivateFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The storage folder ${folder} cannot be written to (${code}).`,
      hint: storageHint,
      cause,
    });
  }
  assertRestored(folder);
}
