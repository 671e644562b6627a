import { readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { installedPath, RepositoryFolder } from './cache-folder.js';
import { sizeOf } from './installed-size.js';
import { countNames, sourceOfPart } from './parts.js';

/**
 * Deletes what is installed of a source: one file, where it is a single file and its repository has others;
 * or else the folder of the repository, with all revisions, which stays where it is a model by itself that
 * parts were added to. Parts go as well, unless other models have them.
 *
 * @returns absolute path of what is gone, and its bytes
 */
export async function uninstall(
  source: HubSource,
  cacheFolder: string,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const { parts = [], ...own } = source;
  const assembled = parts.length > 0 ? installedPath(source, cacheFolder) : undefined;
  const isBaseKept = assembled !== undefined && own.file === undefined;
  if (assembled !== undefined) await rm(isBaseKept ? assembled : dirname(assembled), { recursive: true });
  const removed = isBaseKept ? { path: assembled, bytes: 0 } : await uninstallFiles(own, cacheFolder);
  let { bytes } = removed;
  for (const part of parts.map(sourceOfPart)) {
    const path = installedPath(part, cacheFolder);
    // The name in its own repository is left where no other model has one.
    if (path === undefined || (await countNames(cacheFolder, path)) > 1) continue;
    bytes += (await uninstallFiles(part, cacheFolder)).bytes;
  }
  return { path: removed.path, bytes };
}

async function uninstallFiles(
  source: HubSource,
  cacheFolder: string,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const folder = new RepositoryFolder(cacheFolder, source.repository);
  const path = installedPath(source, cacheFolder);
  const links = await linksOf(folder);
  if (source.file !== undefined && path !== undefined && links.length > 1) {
    const blob = await realpath(path);
    const bytes = await sizeOf(path);
    await rm(path);
    const others = await Promise.all(links.map((link) => realpath(link).catch(() => undefined)));
    if (!others.includes(blob)) await rm(blob);
    return { path, bytes };
  }
  const bytes = await sizeOf(join(folder.path, 'blobs'));
  await rm(folder.path, { recursive: true, force: true });
  return { path: folder.path, bytes };
}

/** All names that contents have, in all snapshots. */
async function linksOf(folder: RepositoryFolder): Promise<string[]> {
  const entries = await readdir(join(folder.path, 'snapshots'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
}
