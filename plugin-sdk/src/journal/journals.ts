import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { claim, release } from './owner.js';

export interface JournalsOptions<Journal> {
  /** Absolute path of a folder of the plugin's own. */
  readonly storageFolder: string;
  /** How the names of the journals' folders begin. */
  readonly prefix: string;
  readonly open: (folder: string) => Journal;
}

/**
 * The journals in a plugin's storage folder: one of this process, and those of processes that have ended,
 * which it takes over. Each is a folder that one process at a time works on.
 */
export class Journals<Journal extends { readonly folder: string }> {
  readonly #options: JournalsOptions<Journal>;
  readonly #claimed = new Map<string, Journal>();
  #own: Journal | undefined;

  constructor(options: JournalsOptions<Journal>) {
    this.#options = options;
  }

  /** Where new entries are written. Only after {@link takeOver}. */
  get own(): Journal {
    if (!this.#own) throw new Error('no journal has been taken yet');
    return this.#own;
  }

  /** Takes every journal that nobody works on, and one at least. Answers those that it had not before. */
  async takeOver(): Promise<Journal[]> {
    const { prefix } = this.#options;
    const taken: Journal[] = [];
    for (const name of await this.#names()) taken.push(...(await this.#take(name)));
    for (let number = 1; this.#claimed.size === 0; number++)
      taken.push(...(await this.#take(`${prefix}${number}`)));
    this.#own ??= taken[0];
    return taken;
  }

  /** The journals of other processes that run. */
  async others(): Promise<Journal[]> {
    const names = (await this.#names()).filter((name) => !this.#claimed.has(name));
    return names.map((name) => this.#options.open(this.#folder(name)));
  }

  /** Gives them back, to whoever comes next. */
  async close(): Promise<void> {
    await Promise.all([...this.#claimed.values()].map(({ folder }) => release(folder)));
    this.#claimed.clear();
  }

  async #names(): Promise<string[]> {
    const { storageFolder, prefix } = this.#options;
    return (await readdir(storageFolder)).filter((name) => name.startsWith(prefix));
  }

  #folder(name: string): string {
    return join(this.#options.storageFolder, name);
  }

  async #take(name: string): Promise<Journal[]> {
    if (this.#claimed.has(name)) return [];
    const folder = this.#folder(name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!(await claim(folder))) return [];
    const journal = this.#options.open(folder);
    this.#claimed.set(name, journal);
    return [journal];
  }
}
