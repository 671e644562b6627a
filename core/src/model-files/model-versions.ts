import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, type HubSource } from '@easel/plugin-sdk';
import { defaultRevision, RepositoryFolder } from './cache-folder.js';
import { chooseFolderFiles, choosePart, chooseSingleFile } from './choose-files.js';
import { HubClient, type HubFile, type Listing } from './hub-client.js';
import type { HubSettings } from './hub-settings.js';
import { variantsOf } from './hub-variants.js';
import { modelIndexName, parseModelIndex } from './model-index.js';
import { sourceOfPart } from './parts.js';

/** Milliseconds that the hub has to say how large the versions are. */
const answerMs = 20_000;

/** A version of a model that can be installed, before anything of it is fetched. */
export interface ModelVersion {
  /** Absent: the model itself. */
  readonly variant?: string;
  readonly repository: string;
  /** Gigabytes of memory of the machines that it suits. Absent: the entry does not say. */
  readonly memoryGb?: number;
  /** Whether the machine has that memory. Absent: not known before it is installed. */
  readonly fits?: boolean;
  /** Of all files, those of its parts too. Absent: the hub did not say; `problem` says why. */
  readonly bytes?: number;
  /** What is not on this machine yet. */
  readonly missingBytes?: number;
  readonly problem?: string;
}

/**
 * Asks the hub how large a model and its variants are. A version that it tells nothing of has a problem
 * instead.
 *
 * @param memoryBytes of the machine
 */
export async function listVersions(
  source: HubSource,
  settings: HubSettings,
  memoryBytes: number,
): Promise<ModelVersion[]> {
  const sizes = new VersionSizes(settings);
  const versions = [[undefined, source] as const, ...variantsOf(source)];
  const late = new AbortController();
  const silent = pause(answerMs, undefined, { signal: late.signal, ref: false }).then(() => ({
    problem: `${settings.endpoint} did not say within ${answerMs / 1_000} s how large it is.`,
  }));
  silent.catch(() => {});
  const listed = versions.map(async ([variant, each]) => {
    const memoryGb = variant === undefined ? undefined : source.variants?.[variant]?.memoryGb;
    return {
      ...(variant === undefined ? {} : { variant }),
      repository: each.repository,
      ...(memoryGb === undefined ? {} : { memoryGb, fits: memoryGb * 1e9 <= memoryBytes }),
      ...(await Promise.race([sizes.of(each).catch(problemOf), silent])),
    };
  });
  return await Promise.all(listed).finally(() => late.abort());
}

/** Why the hub does not say; rejects with what is no answer of it. */
function problemOf(error: unknown): { readonly problem: string } {
  if (!EaselError.isInstance(error)) throw error;
  return { problem: `${error.message} ${error.hint}` };
}

interface Placed {
  readonly file: HubFile;
  /** Absolute path of its contents in the cache. */
  readonly path: string;
}

/** Asks for each repository once, however many versions have files of it. */
class VersionSizes {
  readonly #settings: HubSettings;
  readonly #client: HubClient;
  readonly #listings = new Map<string, Promise<Listing>>();

  constructor(settings: HubSettings) {
    this.#settings = settings;
    this.#client = new HubClient(settings);
  }

  async of({ parts = [], ...own }: HubSource): Promise<{ bytes: number; missingBytes: number }> {
    const lists = await Promise.all([
      this.#filesOf(own),
      ...parts.map((part) => this.#partOf(sourceOfPart(part))),
    ]);
    const placed = lists.flat();
    const sum = (files: readonly Placed[]) => files.reduce((bytes, { file }) => bytes + file.bytes, 0);
    return { bytes: sum(placed), missingBytes: sum(placed.filter(({ path }) => !existsSync(path))) };
  }

  async #partOf(source: HubSource): Promise<Placed[]> {
    return this.#place(source, [choosePart(source, await this.#list(source))]);
  }

  async #filesOf(source: HubSource): Promise<Placed[]> {
    const listing = await this.#list(source);
    const index = listing.files.find(({ path }) => path === modelIndexName);
    if (source.file !== undefined || !index) return this.#place(source, [chooseSingleFile(source, listing)]);
    const { repository } = source;
    const response = await this.#client.get(
      this.#client.addressOf(repository, listing.commit, index.path),
      {},
    );
    await this.#client.refuse(response, `${repository}@${listing.commit}`);
    const parsed = parseModelIndex(source, await response.text());
    return this.#place(source, chooseFolderFiles(source, listing, parsed, undefined));
  }

  #place({ repository }: HubSource, files: readonly HubFile[]): Placed[] {
    const folder = new RepositoryFolder(this.#settings.cacheFolder, repository);
    return files.map((file) => ({ file, path: folder.blob(file.hash) }));
  }

  #list({ repository, revision = defaultRevision }: HubSource): Promise<Listing> {
    const key = `${repository}@${revision}`;
    const listing = this.#listings.get(key) ?? this.#client.list(repository, revision);
    this.#listings.set(key, listing);
    return listing;
  }
}
