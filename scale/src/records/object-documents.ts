import type { SharedDocuments } from '@easel/core/scale';
import { jsonType, type ObjectStore } from '../object-store.js';
import type { JobChannel } from '../redis/job-channel.js';

/** Later than any version; a name with what is left to it lists the newest version first. */
const lastVersion = 10 ** 9;
/** Versions that stay for whoever reads the list at this moment. */
const kept = 10;

interface Version {
  readonly number: number;
  readonly text: string | undefined;
}

/**
 * Texts among the objects that all servers share, each version an object of its own: of two servers that
 * write the next one, one is refused, and changes what the other has written.
 */
export class ObjectDocuments implements SharedDocuments {
  readonly #objects: ObjectStore;
  readonly #channel: Pick<JobChannel, 'tell'>;
  readonly #listeners = new Map<string, (text: string) => void>();
  readonly #told = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(objects: ObjectStore, channel: Pick<JobChannel, 'tell'>) {
    this.#objects = objects;
    this.#channel = channel;
  }

  async read(name: string): Promise<string | undefined> {
    return (await this.#newest(name)).text;
  }

  async change(name: string, change: (text: string | undefined) => string): Promise<string> {
    for (;;) {
      const { number, text } = await this.#newest(name);
      const changed = change(text);
      if (changed === text) return changed;
      const next = number + 1;
      if (!(await this.#objects.putIfAbsent(keyOf(name, next), Buffer.from(changed), jsonType))) continue;
      this.#told.set(name, next);
      this.#channel.tell({ type: 'document', id: name });
      if (next > kept) await this.#objects.remove(keyOf(name, next - kept)).catch(() => {});
      return changed;
    }
  }

  follow(name: string, listener: (text: string) => void): void {
    this.#listeners.set(name, listener);
  }

  /** Looks for changes that nobody has told of, so often. */
  start(lookMs: number): void {
    const look = () => {
      for (const name of this.#listeners.keys()) void this.look(name).catch(() => {});
    };
    this.#timer = setInterval(look, lookMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Tells whoever follows a text, if it has changed. */
  async look(name: string): Promise<void> {
    const listener = this.#listeners.get(name);
    if (!listener) return;
    const { number, text } = await this.#newest(name);
    if (text === undefined || number <= (this.#told.get(name) ?? 0)) return;
    this.#told.set(name, number);
    listener(text);
  }

  async #newest(name: string): Promise<Version> {
    const [newest] = await this.#objects.list(prefixOf(name), 1);
    if (!newest) return { number: 0, text: undefined };
    const bytes = await this.#objects.get(newest.key);
    if (!bytes) return await this.#newest(name);
    const number = lastVersion - Number(newest.key.slice(prefixOf(name).length));
    return { number, text: Buffer.from(bytes).toString('utf8') };
  }
}

const prefixOf = (name: string): string => `documents/${name}/`;
const keyOf = (name: string, version: number): string =>
  prefixOf(name) + String(lastVersion - version).padStart(10, '0');
