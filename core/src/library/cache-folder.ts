import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';

/** The folder of one repository in the cache, in the layout of `huggingface_hub` (its file_download.py): other tools find what lies there. */
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

/** The file that tells a folder's pipeline; it is put in its place last, so that where it is, everything is. */
export const modelIndexName = 'model_index.json';

/** The revision of a source that names none. */
export const defaultRevision = 'main';

/** Where an installed source lies: a folder, or one file of it. Undefined: it is not installed. */
export function installedPath(
  { repository, revision = defaultRevision, file }: HubSource,
  cacheFolder: string,
): string | undefined {
  const folder = new RepositoryFolder(cacheFolder, repository);
  const commit = folder.commitOf(revision);
  if (commit === undefined) return undefined;
  const snapshot = folder.snapshot(commit);
  const proof = join(snapshot, file ?? modelIndexName);
  if (!existsSync(proof)) return undefined;
  return file === undefined ? snapshot : proof;
}
