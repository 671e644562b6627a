import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Image } from '@easel/plugin-sdk';
import type { StorageFolder } from '../storage/storage-folder.js';
import { nameOf, namePattern, type ResultStore, type Retention, type StoredImage } from './result-store.js';

const dayMs = 24 * 3_600_000;
const mebibyte = 1024 * 1024;

/**
 * Pictures on disk, each under the hash of its bytes: equal pictures are one file, and a name never changes
 * its meaning.
 */
export class FolderResultStore implements ResultStore {
  readonly #folder: string;
  readonly #storage: StorageFolder;

  /** @param name of its folder in the storage folder */
  constructor(storage: StorageFolder, name: string) {
    this.#storage = storage;
    this.#folder = join(storage.path, name);
  }

  async put(image: Image, about: Readonly<Record<string, unknown>>): Promise<StoredImage> {
    const { bytes, mediaType, width, height } = image;
    const name = await this.putBytes(bytes, mediaType);
    const stored = { name, mediaType, width, height, bytes: bytes.byteLength };
    await this.#storage.write(
      `${this.fileOf(name)}.json`,
      Buffer.from(JSON.stringify({ ...stored, ...about })),
    );
    return stored;
  }

  async putBytes(bytes: Uint8Array, mediaType: string): Promise<string> {
    const name = nameOf(bytes, mediaType);
    await this.#storage.write(this.fileOf(name), bytes);
    return name;
  }

  async keepThumbnail(name: string, bytes: Uint8Array): Promise<void> {
    await this.#storage.write(this.#thumbnailPathOf(name), bytes);
  }

  async readThumbnail(name: string): Promise<Uint8Array | undefined> {
    if (!namePattern.test(name)) return undefined;
    return await readFile(this.#thumbnailPathOf(name)).catch(() => undefined);
  }

  async about(name: string): Promise<Record<string, unknown> | undefined> {
    if (!namePattern.test(name)) return undefined;
    const text = await readFile(`${this.fileOf(name)}.json`, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    if (!namePattern.test(name)) return undefined;
    return await readFile(this.fileOf(name)).catch(() => undefined);
  }

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

  async remove(name: string): Promise<void> {
    if (!namePattern.test(name)) return;
    const path = this.fileOf(name);
    for (const file of [path, `${path}.json`, this.#thumbnailPathOf(name)]) await rm(file, { force: true });
  }

  fileOf(name: string): string {
    return join(this.#folder, name.slice(0, 2), name);
  }

  #thumbnailPathOf(name: string): string {
    return `${this.fileOf(name)}.thumb.webp`;
  }

  async #list(): Promise<{ path: string; bytes: number; writtenAt: number }[]> {
    const files: { path: string; bytes: number; writtenAt: number }[] = [];
    for (const folder of await readdir(this.#folder).catch(() => []))
      for (const name of await readdir(join(this.#folder, folder)).catch(() => [])) {
        if (!namePattern.test(name)) continue;
        const path = join(this.#folder, folder, name);
        const about = await stat(path).catch(() => undefined);
        if (about) files.push({ path, bytes: about.size, writtenAt: about.mtimeMs });
      }
    return files;
  }
}
