import { existsSync } from 'node:fs';
import { readFile, readlink, stat, statfs, symlink, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { EaselError, type HubSource } from '@easel/plugin-sdk';
import lockfile from 'proper-lockfile';
import { writeWholeFile } from '../results/write-whole-file.js';
import { makeFolder } from '../storage/make-folder.js';
import { defaultRevision, installedPath, RepositoryFolder } from './cache-folder.js';
import { cannotWrite } from './cannot-write.js';
import { chooseFolderFiles, choosePart, chooseSingleFile, type Variant } from './choose-files.js';
import { download } from './download.js';
import { HubClient, type HubFile, type Listing } from './hub-client.js';
import type { HubSettings } from './hub-settings.js';
import { modelIndexName, parseModelIndex } from './model-index.js';

export interface InstallProgress {
  /** The file that is being fetched. */
  readonly file: string;
  /** Of all files. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface InstallOptions {
  /** Of the weights. Absent: whole ones where there are any. */
  readonly variant?: Variant | undefined;
  /** It is a part of a model, which may be a file of any kind. Absent: no. */
  readonly isPart?: boolean;
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
  /** Told once where another process installs from the same repository, and this one waits. */
  readonly onWaiting?: (() => void) | undefined;
  /** Stops it; what has come is kept, and the next install goes on there. Rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Installed {
  /** The source, with the file where there was one to choose. */
  readonly source: HubSource;
  /** Absolute path of the folder, or of the file. */
  readonly path: string;
  readonly commit: string;
  readonly bytes: number;
}

/**
 * Fetches a model from a hub into the cache that other tools for the hub share. What is there already is not
 * fetched again, and what was cut off goes on where it stopped.
 *
 * @throws ERR_MODEL_FILES_INVALID for what is not there, may not be read or is not a model;
 * ERR_PROVIDER_UNAVAILABLE without a network
 */
export async function install(
  source: HubSource,
  settings: HubSettings,
  { variant, isPart = false, onProgress, onWaiting, signal }: InstallOptions = {},
): Promise<Installed> {
  const { repository, revision = defaultRevision } = source;
  const folder = new RepositoryFolder(settings.cacheFolder, repository);
  const client = new HubClient(settings);
  const listing = await client.list(repository, revision);
  await makeFolder(join(folder.path, 'blobs')).catch((cause) => {
    throw cannotWrite(folder.path, cause);
  });
  const release = await lock(folder.path, onWaiting);
  try {
    const getting = new Getting({ client, folder, listing, repository, signal }, onProgress);
    const { chosen, files } = isPart
      ? { chosen: source, files: [choosePart(source, listing)] }
      : await choose(source, listing, getting, variant);
    await getting.all(files);
    await link(folder, listing.commit, files);
    await writeWholeFile(folder.reference(revision), Buffer.from(listing.commit), { replace: true });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return {
      source: chosen,
      path: installedPath(chosen, settings.cacheFolder)!,
      commit: listing.commit,
      bytes,
    };
  } finally {
    await release();
  }
}

/**
 * Another process that dies leaves a lock that grows old. One that is lost, as by a computer that slept, is
 * not a failure: what two processes write at once is not what its hash says, and is fetched again.
 */
async function lock(path: string, onWaiting: (() => void) | undefined): Promise<() => Promise<void>> {
  const options = {
    lockfilePath: join(path, '.easel.lock'),
    stale: 6_000,
    update: 2_000,
    onCompromised() {},
  };
  try {
    return await lockfile.lock(path, options);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ELOCKED') throw cannotWrite(path, error);
    onWaiting?.();
    const retries = { forever: true, minTimeout: 500, maxTimeout: 2_000 };
    return await lockfile.lock(path, { ...options, retries });
  }
}

async function choose(source: HubSource, listing: Listing, getting: Getting, variant: Variant | undefined) {
  const index = listing.files.find(({ path }) => path === modelIndexName);
  if (source.file !== undefined || !index) {
    const file = chooseSingleFile(source, listing);
    return { chosen: { ...source, file: file.path }, files: [file] };
  }
  await getting.all([index]);
  const text = await readFile(getting.pathOf(index), 'utf8');
  return {
    chosen: source,
    files: chooseFolderFiles(source, listing, parseModelIndex(source, text), variant),
  };
}

interface Origin {
  readonly client: HubClient;
  readonly folder: RepositoryFolder;
  readonly listing: Listing;
  readonly repository: string;
  readonly signal: AbortSignal | undefined;
}

/** Fetches files one after the other, and adds up how far it is. */
class Getting {
  readonly #origin: Origin;
  readonly #onProgress: ((progress: InstallProgress) => void) | undefined;

  constructor(origin: Origin, onProgress: ((progress: InstallProgress) => void) | undefined) {
    this.#origin = origin;
    this.#onProgress = onProgress;
  }

  pathOf({ hash }: HubFile): string {
    return this.#origin.folder.blob(hash);
  }

  async all(files: readonly HubFile[]): Promise<void> {
    await this.#checkSpace(files);
    const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    for (const file of files) {
      const tell = (there: number) =>
        this.#onProgress?.({ file: file.path, bytes: done + there, totalBytes });
      await this.#one(file, tell);
      done += file.bytes;
    }
  }

  async #one(file: HubFile, onBytes: (there: number) => void): Promise<void> {
    const target = this.pathOf(file);
    const { client, repository, listing, signal } = this.#origin;
    signal?.throwIfAborted();
    if (existsSync(target)) return onBytes(file.bytes);
    const address = client.addressOf(repository, listing.commit, file.path);
    try {
      await download({ client, address, file, target, onBytes, signal });
    } catch (error) {
      throw EaselError.isInstance(error) ? error : cannotWrite(target, error);
    }
  }

  async #checkSpace(files: readonly HubFile[]): Promise<void> {
    const sizes = files.map(async (file) => {
      if (existsSync(this.pathOf(file))) return 0;
      const there = await stat(`${this.pathOf(file)}.incomplete`).catch(() => undefined);
      return file.bytes - (there?.size ?? 0);
    });
    const needed = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    const { path } = this.#origin.folder;
    const { bavail, bsize } = await statfs(path);
    if (needed <= bavail * bsize) return;
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `${needed} bytes are to come, and ${path} has room for ${bavail * bsize}.`,
      hint: 'Make room, or name another disk: HF_HOME is the folder of the cache.',
    });
  }
}

/** Puts names to contents, the one that proves that all is there as the last. */
async function link(folder: RepositoryFolder, commit: string, files: readonly HubFile[]): Promise<void> {
  const last = (file: HubFile) => Number(file.path === modelIndexName);
  for (const file of [...files].sort((one, other) => last(one) - last(other))) {
    const name = join(folder.snapshot(commit), file.path);
    const target = relative(dirname(name), folder.blob(file.hash));
    await makeFolder(dirname(name));
    if ((await readlink(name).catch(() => undefined)) === target) continue;
    await unlink(name).catch(() => {});
    await symlink(target, name);
  }
}
