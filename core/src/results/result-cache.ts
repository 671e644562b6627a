import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, imageSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { StorageFolder } from '../storage/storage-folder.js';
import type { ImageResult, Provenance } from './image-result.js';
import type { ResultStore } from './result-store.js';

/** A picture of a result as it lies on disk: the bytes are in the store. */
const cachedImageSchema = imageSchema.omit({ bytes: true }).extend({ name: z.string() });
type CachedImage = z.output<typeof cachedImageSchema>;

/**
 * A result as it lies on disk. What is told of it is told as it was; what it takes to answer it is looked at.
 */
const cachedResultSchema = z.looseObject({
  images: z.array(cachedImageSchema).min(1),
  warnings: z.array(z.custom<Warning>()),
  provenance: z.custom<Provenance>((value) => typeof value === 'object' && value !== null),
});

const dayMs = 24 * 3_600_000;
const keyPattern = /^[0-9a-f]{64}$/;

/**
 * Results by what they were made of, so that the same pictures need not be made twice. Whatever is damaged or
 * gone is not there.
 */
export class ResultCache {
  readonly #storage: StorageFolder;
  readonly #folder: string;
  readonly #results: ResultStore;

  /** @param name of its folder in the storage folder */
  constructor(storage: StorageFolder, name: string, results: ResultStore) {
    this.#storage = storage;
    this.#folder = join(storage.path, name);
    this.#results = results;
  }

  /**
   * The result of that key, if all its pictures are still there. It costs nothing, and no phase of it takes
   * time.
   *
   * @param key 64 hexadecimal digits
   */
  async find(key: string): Promise<ImageResult | undefined> {
    const startedAt = performance.now();
    const file = this.#fileOf(key);
    try {
      const cached = cachedResultSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      const images = await Promise.all(cached.images.map((image) => this.#read(image)));
      const { warnings, provenance } = cached;
      return { images, warnings, provenance, timings: { total: performance.now() - startedAt } };
    } catch {
      await rm(file, { force: true });
      return undefined;
    }
  }

  /** Writes the pictures, and what makes a result of them. */
  async keep(key: string, { images, warnings, provenance }: ImageResult): Promise<void> {
    const named: CachedImage[] = [];
    for (const { bytes, ...image } of images) {
      const { name } = await this.#results.put({ ...image, bytes }, { provenance });
      named.push({ ...image, name });
    }
    const cached = { images: named, warnings, provenance };
    await this.#storage.write(this.#fileOf(key), Buffer.from(JSON.stringify(cached)));
  }

  /** Removes what is older than it may be. */
  async sweep(days: number, now: number): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name);
      const writtenAt = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => now,
      );
      if (now - writtenAt > days * dayMs) await rm(path, { force: true });
    }
  }

  async #read({ name, ...image }: CachedImage): Promise<Image> {
    const bytes = await this.#results.read(name);
    if (!bytes || !name.startsWith(createHash('sha256').update(bytes).digest('hex')))
      throw new Error(`${name} is gone or damaged`);
    return { ...image, bytes: new Uint8Array(bytes) };
  }

  #fileOf(key: string): string {
    if (!keyPattern.test(key)) throw new Error(`"${key}" is not a key`);
    return join(this.#folder, `${key}.json`);
  }
}
