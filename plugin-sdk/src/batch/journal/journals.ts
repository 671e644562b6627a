import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from './journal.js';
import { claim, release } from './owner.js';

const prefix = 'journal-';

/** The journals in a plugin's storage folder: one of this process, and those of processes that have ended, which it takes over. */
export class Journals {
  readonly #storageFolder: string;
  readonly #claimed = new Map<string, Journal>();
  #own: Journal | undefined;

  /** @param storageFolder absolute path */
  constructor(storageFolder: string) {
    this.#storageFolder = storageFolder;
  }

  /** Where new batches are written. Only after {@link takeOver}. */
  get own(): Journal {
    if (!this.#own) throw new Error('no journal has been taken yet');
    return this.#own;
  }

  /** Takes every journal that nobody works on, and one at least. Answers those that it had not before. */
  async takeOver(): Promise<Journal[]> {
    const names = (await readdir(this.#storageFolder)).filter((name) => name.startsWith(prefix));
    const taken: Journal[] = [];
    for (const name of names) taken.push(...(await this.#take(name)));
    for (let number = 1; this.#claimed.size === 0; number++)
      taken.push(...(await this.#take(`${prefix}${number}`)));
    this.#own ??= taken[0];
    return taken;
  }

  /** Whether another process that runs has begun something of a call with one of these ids, and not ended it. */
  async areHeldElsewhere(requestIds: ReadonlySet<string>): Promise<boolean> {
    const names = (await readdir(this.#storageFolder)).filter((name) => name.startsWith(prefix));
    for (const name of names.filter((name) => !this.#claimed.has(name))) {
      const journal = new Journal(join(this.#storageFolder, name));
      if (await journal.hasOpen(requestIds)) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#claimed.values()].map(({ folder }) => release(folder)));
    this.#claimed.clear();
  }

  async #take(name: string): Promise<Journal[]> {
    if (this.#claimed.has(name)) return [];
    const folder = join(this.#storageFolder, name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await claim(folder))) return [];
    const journal = new Journal(folder);
    this.#claimed.set(name, journal);
    return [journal];
  }
}
