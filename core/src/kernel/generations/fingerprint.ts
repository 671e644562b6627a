import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Not the plugin's own, or none of its doing. */
const ignored = (name: string) => name === 'node_modules' || name.startsWith('.');

/** What a folder holds, as one SHA-256 over names and contents; what cannot be read counts as not there. */
export async function hashFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await filesOf(folder)).sort()) {
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
