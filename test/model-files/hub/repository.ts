import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file as the hub holds it: large ones (LFS) lie in a store of their own and are named by their sha256. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Git's sha1 of what is in the repository: the contents, or for a large file the pointer to them. */
  readonly blobId: string;
  readonly sha256: string;
  readonly isLarge: boolean;
}

export interface Repository {
  readonly name: string;
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly commit: string;
  /**
   * Branches and tags that are at this commit, and itself; another commit of the name is another repository
   * here.
   */
  readonly revisions: readonly string[];
  /** Who may read it: everybody, whoever has a token, or nobody without one even knows of it. */
  readonly access: 'public' | 'gated' | 'private';
}

export interface RepositoryOptions {
  readonly revisions?: readonly string[];
  readonly access?: Repository['access'];
}

const gitHash = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const pointerOf = (bytes: Buffer): Buffer =>
  Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256Of(bytes)}\nsize ${bytes.length}\n`,
  );

/** A repository of these files, by their paths with slashes. */
export function createRepository(
  name: string,
  contents: Readonly<Record<string, Buffer>>,
  { revisions = ['main'], access = 'public' }: RepositoryOptions = {},
): Repository {
  const files = Object.entries(contents).map(([path, bytes]): [string, StoredFile] => {
    const isLarge = /\.(safetensors|bin|ckpt)$/.test(path);
    const blobId = gitHash(isLarge ? pointerOf(bytes) : bytes);
    return [path, { path, bytes, blobId, sha256: sha256Of(bytes), isLarge }];
  });
  const commit = createHash('sha1')
    .update(JSON.stringify([name, files.map(([path, { blobId }]) => [path, blobId])]))
    .digest('hex');
  return { name, files: new Map(files), commit, revisions: [...revisions, commit], access };
}

/** The files of a folder, by their paths with slashes. */
export async function readContents(folder: string): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.slice(folder.length + 1), await readFile(file)] as const),
    ),
  );
}
