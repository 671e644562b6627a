import type { AskedPlugin } from '@easel/core/scale';
import { jsonType, type ObjectStore, readJson, toJson } from '../object-store.js';
import { type AskedFile, askedFileSchema, keys } from './record-files.js';

/** Notes of who is asked that may be paid: of several servers, one alone may ask. */
export class AskedNotes {
  readonly #objects: ObjectStore;
  readonly #storageId: string;

  /** @param storageId of the server that asks */
  constructor(objects: ObjectStore, storageId: string) {
    this.#objects = objects;
    this.#storageId = storageId;
  }

  /** False: another server has asked, or is about to. */
  async write(id: string, asked: AskedPlugin): Promise<boolean> {
    const file = toJson({ asked, storageId: this.#storageId } satisfies AskedFile);
    if (await this.#objects.putIfAbsent(keys.asked(id), file, jsonType)) return true;
    // A worker that stood still may be late: whoever was first may have been paid already.
    if (!(await this.#isOwn(id))) return false;
    await this.#objects.put(keys.asked(id), file, jsonType);
    return true;
  }

  /** Lets all servers ask again. To be called by the one that was refused, so that nobody was paid. */
  async withdraw(id: string): Promise<void> {
    if (await this.#isOwn(id)) await this.#objects.remove(keys.asked(id));
  }

  async #isOwn(id: string): Promise<boolean> {
    const file = await readJson(this.#objects, keys.asked(id), askedFileSchema);
    return file?.storageId === this.#storageId;
  }
}
