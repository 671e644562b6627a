import { readdir, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { defaultRevision, RepositoryFolder } from './cache-folder.js';
import { hashLike } from './content-hash.js';
import { plainPath } from './parts.js';

export interface VerifiedFile {
  /** With slashes, in its repository. */
  readonly path: string;
  readonly isRight: boolean;
}

/**
 * Reads all that is installed of a source and compares it with the hashes that the hub gave. What is wrong is
 * removed, so that installing fetches it again.
 */
export async function verify(source: HubSource, cacheFolder: string): Promise<VerifiedFile[]> {
  const folder = new RepositoryFolder(cacheFolder, source.repository);
  const snapshot = folder.snapshot(folder.commitOf(source.revision ?? defaultRevision) ?? '');
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const files = await Promise.all(
    links.map(async (entry) => {
      const name = join(entry.parentPath, entry.name);
      const target = await readlink(name);
      const hash = basename(target);
      const isRight = (await hashLike(name, hash).catch(() => undefined)) === hash;
      // A part lies in the folder of another repository.
      if (!isRight) await rm(resolve(dirname(name), target), { force: true });
      return { path: plainPath(relative(snapshot, name).replaceAll('\\', '/')), isRight };
    }),
  );
  // A model that lies with its parts has a second name there.
  return files.filter((file, index) => files.findIndex(({ path }) => path === file.path) === index);
}
