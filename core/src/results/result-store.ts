import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Image } from '@easel/plugin-sdk';
import type { StorageFolder } from '../storage/storage-folder.js';
import { extensionOf } from './destination.js';

/** What is known of a stored picture. */
export interface StoredImage {
  /** Its SHA-256 and the extension of its format: what it is asked for by. */
  readonly name: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

export interface Retention {
  readonly days: number;
  readonly megabytes: number;
}

const dayMs = 24 * 3_600_000;
const mebibyte = 1024 * 1024;
const namePattern = /^[0-9a-f]{64}\.[a-z0-9-]{1,10}$/;

/**
 * Pictures on disk, each under the hash of its bytes: equal pictures are one file, and a name never changes
 * its meaning.
 */
export class ResultStore {
  /** Absolute. */
  readonly folder: string;

  readonly #storage: StorageFolder;

  /** @param name of its folder in the storage folder */
  constructor(storage: StorageFolder, name: string) {
    this.#storage = storage;
    this.folder = join(storage.path, name);
  }

  /** Writes a picture and what is known of it, each whole or not at all. */
  async put(image: Image, about: Readonly<Record<string, unknown>>): Promise<StoredImage> {
    const { bytes, mediaType, width, height } = image;
    const name = await this.putBytes(bytes, mediaType);
    const stored = { name, mediaType, width, height, bytes: bytes.byteLength };
    await this.#storage.write(
      `${this.pathOf(name)}.json`,
      Buffer.from(JSON.stringify({ ...stored, ...about })),
    );
    return stored;
  }

  /** Writes a picture of which nothing else is known; answers its name. */
  async putBytes(bytes: Uint8Array, mediaType: string): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const name = `${hash}${extensionOf(mediaType)}`;
    await this.#storage.write(this.pathOf(name), bytes);
    return name;
  }

  /** Keeps a smaller one beside a picture. Rejects with ERR_STORAGE. */
  async keepThumbnail(name: string, bytes: Uint8Array): Promise<void> {
    await this.#storage.write(this.thumbnailPathOf(name), bytes);
  }

  /** Absolute path of a smaller one of it, there or not. */
  thumbnailPathOf(name: string): string {
    return `${this.pathOf(name)}.thumb.webp`;
  }

  /** What is known of a picture. Undefined: there is none of that name. */
  async about(name: string): Promise<Record<string, unknown> | undefined> {
    if (!namePattern.test(name)) return undefined;
    const text = await readFile(`${this.pathOf(name)}.json`, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  /** The bytes of a picture. Undefined: there is none of that name. */
  async read(name: string): Promise<Uint8Array | undefined> {
    if (!namePattern.test(name)) return undefined;
    return await readFile(this.pathOf(name)).catch(() => undefined);
  }

  /** Path of a picture below the folder. */
  relativePath = (name: string): string => join(name.slice(0, 2), name);

  /** Absolute path of a picture, there or not. */
  pathOf(name: string): string {
    return join(this.folder, this.relativePath(name));
  }

  /**
   * Removes what is older than it may be, and then the oldest until the rest is as small as it may be.
   * Answers which went.
   */
  async sweep({ days, megabytes }: Retention, now: number): Promise<string[]> {
    const found = await this.#list();
    const newestFirst = found.sort((one, other) => other.writtenAt - one.writtenAt);
    let kept = 0;
    const removed: string[] = [];
    for (const { path, bytes, writtenAt } of newestFirst) {
      kept += bytes;
      if (now - writtenAt <= days * dayMs && kept <= megabytes * mebibyte) continue;
      kept -= bytes;
      removed.push(basename(path));
      await this.remove(basename(path));
    }
    return removed;
  }

  /** Removes a picture with all that lies beside it. */
  async remove(name: string): Promise<void> {
    if (!namePattern.test(name)) return;
    const path = this.pathOf(name);
    for (const file of [path, `${path}.json`, this.thumbnailPathOf(name)]) await rm(file, { force: true });
  }

  async #list(): Promise<{ path: string; bytes: number; writtenAt: number }[]> {
    const files: { path: string; bytes: number; writtenAt: number }[] = [];
    for (const folder of await readdir(this.folder).catch(() => []))
      for (const name of await readdir(join(this.folder, folder)).catch(() => [])) {
        if (!namePattern.test(name)) continue;
        const path = join(this.folder, folder, name);
        const about = await stat(path).catch(() => undefined);
        if (about) files.push({ path, bytes: about.size, writtenAt: about.mtimeMs });
      }
    return files;
  }
}
