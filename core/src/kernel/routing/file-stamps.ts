import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/**
 * What tells one content of a file from another without reading it. A file that is not there has a stamp of
 * its own.
 */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'absent';
}

/**
 * The stamps of files, and of all that lies in folders; paths that are not absolute are nobody's file, and
 * have none.
 */
export async function fileStamps(paths: readonly string[]): Promise<string[]> {
  const stamps: string[] = [];
  for (const path of paths.filter(isAbsolute)) {
    stamps.push(await stampOf(path));
    const names = await readdir(path, { recursive: true }).catch(() => []);
    for (const name of names.sort()) stamps.push(`${name} ${await stampOf(join(path, name))}`);
  }
  return stamps;
}
