import { nameOf, namePattern, type ResultStore, type StoredImage } from '@easel/core/scale';
import type { Image } from '@easel/plugin-sdk';
import { z } from 'zod';
import { jsonType, type ObjectStore, readJson, toJson } from '../object-store.js';

const aboutSchema = z.record(z.string(), z.unknown());

/**
 * Pictures among the objects that all servers share. How long they are kept is for the store to say, by a
 * rule of its own for their prefix.
 */
export class ObjectResultStore implements ResultStore {
  readonly #objects: ObjectStore;
  readonly #prefix: string;

  /** @param prefix of the names of its objects, with a slash at its end */
  constructor(objects: ObjectStore, prefix: string) {
    this.#objects = objects;
    this.#prefix = prefix;
  }

  async put(image: Image, about: Readonly<Record<string, unknown>>): Promise<StoredImage> {
    const { bytes, mediaType, width, height } = image;
    const name = nameOf(bytes, mediaType);
    const stored = { name, mediaType, width, height, bytes: bytes.byteLength };
    const text = toJson({ ...stored, ...about });
    await Promise.all([
      this.putBytes(bytes, mediaType),
      this.#objects.put(`${this.#keyOf(name)}.json`, text, jsonType),
    ]);
    return stored;
  }

  async putBytes(bytes: Uint8Array, mediaType: string): Promise<string> {
    const name = nameOf(bytes, mediaType);
    await this.#objects.put(this.#keyOf(name), bytes, mediaType);
    return name;
  }

  async about(name: string): Promise<Record<string, unknown> | undefined> {
    if (!namePattern.test(name)) return undefined;
    return await readJson(this.#objects, `${this.#keyOf(name)}.json`, aboutSchema);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return namePattern.test(name) ? await this.#objects.get(this.#keyOf(name)) : undefined;
  }

  async keepThumbnail(name: string, bytes: Uint8Array): Promise<void> {
    await this.#objects.put(this.#thumbnailOf(name), bytes, 'image/webp');
  }

  async readThumbnail(name: string): Promise<Uint8Array | undefined> {
    return namePattern.test(name) ? await this.#objects.get(this.#thumbnailOf(name)) : undefined;
  }

  fileOf(): undefined {
    return undefined;
  }

  async remove(name: string): Promise<void> {
    if (!namePattern.test(name)) return;
    const key = this.#keyOf(name);
    for (const one of [key, `${key}.json`, this.#thumbnailOf(name)]) await this.#objects.remove(one);
  }

  async sweep(): Promise<string[]> {
    return [];
  }

  /** The first letters of a hash spread the objects over the parts of the store. */
  #keyOf = (name: string): string => `${this.#prefix}${name.slice(0, 2)}/${name}`;
  #thumbnailOf = (name: string): string => `${this.#keyOf(name)}.thumb.webp`;
}
