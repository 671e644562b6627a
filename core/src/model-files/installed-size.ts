import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a file, or of all files of a folder, links followed. 0: it is not there. */
export async function sizeOf(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined);
  if (!status?.isDirectory()) return status?.size ?? 0;
  const entries = await readdir(path);
  const sizes = await Promise.all(entries.map((entry) => sizeOf(join(path, entry))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
