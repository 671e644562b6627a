import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { foldersOf, modelIndexName, partsOf } from './model-index.js';
import { assembledFolder, assembledName, partName } from './parts.js';

/**
 * The folder of one repository in the cache, in the layout of `huggingface_hub` (its file_download.py): other
 * tools find what lies there.
 */
export class RepositoryFolder {
  readonly path: string;

  constructor(cacheFolder: string, repository: string) {
    this.path = join(cacheFolder, `models--${repository.replace('/', '--')}`);
  }

  /** Contents, by the hash that the hub gives: sha256 of a large file, git's sha1 of a small one. */
  blob(hash: string): string {
    return join(this.path, 'blobs', hash);
  }

  snapshot(commit: string): string {
    return join(this.path, 'snapshots', commit);
  }

  /** A file with the commit that a branch or tag was at when it was installed. */
  reference(revision: string): string {
    return join(this.path, 'refs', revision);
  }

  /** The commit that is installed of a revision, which may be a commit itself. Undefined: none. */
  commitOf(revision: string): string | undefined {
    try {
      return readFileSync(this.reference(revision), 'utf8').trim();
    } catch {
      return existsSync(this.snapshot(revision)) ? revision : undefined;
    }
  }
}

/** The revision of a source that names none. */
export const defaultRevision = 'main';

/**
 * Where an installed source lies: a folder, or one file of it. Undefined: it, or a part of it, is not
 * installed.
 */
export function installedPath(source: HubSource, cacheFolder: string): string | undefined {
  const proof = provingName(source, cacheFolder);
  if (proof === undefined) return undefined;
  const { file, parts = [] } = source;
  const folder = dirname(proof);
  if (!parts.every((part) => existsSync(join(folder, partName(part))))) return undefined;
  if (file === undefined) return isWhole(folder) ? folder : undefined;
  return existsSync(proof) ? proof : undefined;
}

/**
 * The name without which a source is not installed, whatever else of it lies in the cache: that of its file,
 * or of the index of its folder. Undefined: the cache knows no commit of it.
 */
export function provingName(
  { repository, revision = defaultRevision, file, parts = [] }: HubSource,
  cacheFolder: string,
): string | undefined {
  const folder = new RepositoryFolder(cacheFolder, repository);
  const commit = folder.commitOf(revision);
  if (commit === undefined) return undefined;
  const snapshot = folder.snapshot(commit);
  if (parts.length === 0) return join(snapshot, file ?? modelIndexName);
  const name = file === undefined ? modelIndexName : basename(file);
  return join(assembledFolder(snapshot, { file, parts }), name);
}

/**
 * Whether all parts are there, and no name leads to contents that have been removed. Other tools fetch file
 * by file.
 */
function isWhole(snapshot: string): boolean {
  try {
    const index = JSON.parse(readFileSync(join(snapshot, modelIndexName), 'utf8')) as Record<string, unknown>;
    const all = readdirSync(snapshot, { recursive: true, encoding: 'utf8' });
    const names = all.filter((name) => !name.startsWith(assembledName));
    return (
      names.every((name) => existsSync(join(snapshot, name))) &&
      partsOf(index).every((part) => foldersOf(part).some((folder) => names.includes(folder)))
    );
  } catch {
    return false;
  }
}
