import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** What compilers write for editors and debuggers, and nothing that runs reads. */
export const isForTools = (name: string): boolean =>
  /\.d\.[cm]?ts$|\.[cm]?[jt]s\.map$|\.tsbuildinfo$/.test(name);

/** Not the plugin's own, or none of its doing. */
const ignored = (name: string) => name === 'node_modules' || name.startsWith('.') || isForTools(name);

/**
 * What a folder holds, as one SHA-256 over names and contents; what cannot be read counts as not there.
 * Rejects with the signal's reason.
 */
export async function hashFolder(folder: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await filesOf(folder)).sort()) {
    signal?.throwIfAborted();
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) continue;
    hash.update(`${relative(folder, file)}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest('hex');
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const nested = entries
    .filter(({ name }) => !ignored(name))
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(path);
      return entry.isFile() ? [path] : [];
    });
  return (await Promise.all(nested)).flat();
}
