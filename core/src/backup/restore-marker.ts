import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';

/** There while a backup is being restored. */
const markerIn = (storageFolder: string) => join(storageFolder, 'restore-unfinished');

/** Keeps servers from starting until the answered function is called. */
export async function holdServersOff(storageFolder: string): Promise<() => Promise<void>> {
  const marker = markerIn(storageFolder);
  await writeFile(marker, 'A backup is being restored, or was when the command was killed.\n', {
    mode: 0o600,
  });
  return async () => await rm(marker, { force: true });
}

/** Throws ERR_STORAGE for a storage folder that is neither what it was nor what it is to be. */
export function assertRestored(storageFolder: string): void {
  if (!existsSync(markerIn(storageFolder))) return;
  throw new EaselError({
    code: 'ERR_STORAGE',
    message: `A backup is being restored into ${storageFolder}, or restoring it was broken off.`,
    hint: 'Wait for `easel restore`, or run it again.',
  });
}
