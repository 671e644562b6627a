import { stat } from 'node:fs/promises';

/**
 * What changes when one of the files is written, replaced or removed: sizes and times, not what they hold.
 */
export async function fingerprint(files: readonly string[]): Promise<string> {
  const states = await Promise.all(
    files.map(async (file) => {
      const status = await stat(file).catch(() => undefined);
      return status && [file, status.ino, status.size, status.mtimeMs];
    }),
  );
  return JSON.stringify(states);
}
