import { lstatSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type HubSource, type Model, modelSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { SerialQueue } from '../kernel/serial-queue.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { writePrivateFile } from '../results/write-whole-file.js';
import { provingName } from './cache-folder.js';
import { cannotWrite } from './cannot-write.js';
import { readHubSettings } from './hub-settings.js';
import { installedVersions } from './installed-versions.js';
import { ownEntries } from './own-entries.js';
import { uninstall } from './uninstall.js';

/** Milliseconds for which a removed model can be had back. */
export const modelUndoMs = 10 * 60_000;

const binSchema = z.array(
  z.object({
    model: modelSchema,
    cacheFolder: z.string(),
    /** Absolute paths that have another name while it waits. */
    names: z.array(z.string()),
    /** Milliseconds since 1970. */
    until: z.number(),
  }),
);
type Removed = z.output<typeof binSchema>[number];

/** A link that leads nowhere is there, too. */
const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const hiddenName = (name: string) => `${name}.removed`;

export interface ModelBinOptions {
  readonly storageFolder: string;
  readonly logger: HostLogger;
  /** Absent: {@link modelUndoMs}. */
  readonly undoMs?: number;
}

/**
 * Models that were removed, until their time to be had back is over or the server stops. Of each, the one
 * name that makes it installed is changed, and its contents stay where they are. What was changed is written
 * down before, so that a server that was killed finds the bin again.
 */
export class ModelBin {
  readonly #options: ModelBinOptions;
  readonly #file: string;
  readonly #turns = new SerialQueue();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ModelBinOptions) {
    this.#options = options;
    this.#file = join(options.storageFolder, 'removed-models.json');
    this.#later(() => this.#wait());
  }

  async list(): Promise<readonly Pick<Removed, 'model' | 'until'>[]> {
    return await this.#turns.run(() => this.#read());
  }

  /**
   * Puts a model into the bin. Rejects with ERR_MODEL_NOT_INSTALLED for one that is not on this machine, and
   * with ERR_REQUEST_INVALID for one that was neither installed nor imported here.
   */
  async remove(model: Model): Promise<Pick<Removed, 'model' | 'until'>> {
    return await this.#turns.run(async () => {
      const { storageFolder, undoMs = modelUndoMs } = this.#options;
      const { cacheFolder } = readHubSettings();
      const names = namesOf(model, cacheFolder, storageFolder);
      const removed = { model, cacheFolder, names, until: Date.now() + undoMs };
      const others = (await this.#read()).filter((other) => other.model.id !== model.id);
      await this.#write([...others, removed]);
      try {
        for (const name of names) await rename(name, hiddenName(name));
      } catch (cause) {
        await putBack(removed);
        await this.#write(others);
        throw cannotWrite(names[0] ?? cacheFolder, cause);
      }
      await this.#wait();
      return removed;
    });
  }

  /** Has a model back. Resolves with whether it was in the bin. */
  async restore(id: string): Promise<boolean> {
    return await this.#turns.run(async () => {
      const all = await this.#read();
      const removed = all.find(({ model }) => model.id === id);
      if (!removed) return false;
      await putBack(removed);
      await this.#write(all.filter((other) => other !== removed));
      return true;
    });
  }

  /**
   * Before a version of a model is installed: has it back, or deletes what else of the model was removed,
   * which would take files of the new one with it later.
   */
  async makeWay(id: string, version: HubSource): Promise<void> {
    const isSame = ({ names, cacheFolder }: Removed) =>
      names.includes(provingName(version, cacheFolder) ?? '');
    const removed = (await this.#turns.run(() => this.#read())).find(({ model }) => model.id === id);
    if (removed && isSame(removed)) await this.restore(id);
    else if (removed) await this.#turns.run(() => this.#empty(({ model }) => model.id === id));
  }

  /** Deletes what is in the bin. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#turns.run(() => this.#empty(() => true));
  }

  async #read(): Promise<Removed[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '[]');
    return binSchema.parse(JSON.parse(text));
  }

  async #write(all: readonly Removed[]): Promise<void> {
    if (all.length === 0) await rm(this.#file, { force: true });
    else await writePrivateFile(this.#file, Buffer.from(JSON.stringify(all)));
  }

  /** Until the time of the next one is over. */
  async #wait(): Promise<void> {
    clearTimeout(this.#timer);
    const untils = (await this.#read()).map(({ until }) => until);
    if (untils.length === 0) return;
    const isOver = ({ until }: Removed) => until <= Date.now();
    const empty = () => this.#later(() => this.#empty(isOver).then(() => this.#wait()));
    this.#timer = setTimeout(empty, Math.max(0, Math.min(...untils) - Date.now())).unref();
  }

  /** What nobody waits for. */
  #later(act: () => Promise<void>): void {
    this.#turns.run(act).catch((error: unknown) => {
      this.#options.logger.warn(`${this.#file} cannot be used: ${(error as Error).message}`);
    });
  }

  async #empty(isMeant: (removed: Removed) => boolean): Promise<void> {
    const { logger, undoMs = modelUndoMs } = this.#options;
    for (const removed of (await this.#read()).filter(isMeant)) {
      const others = (await this.#read()).filter(({ model }) => model.id !== removed.model.id);
      try {
        const back = await putBack(removed);
        // From here on a crash leaves a model that is installed, and none that nobody knows of.
        await this.#write(others);
        await deleteNames(removed, back);
      } catch (error) {
        logger.warn(`The model ${removed.model.id} could not be deleted: ${(error as Error).message}`);
        await this.#write([...others, { ...removed, until: Date.now() + undoMs }]);
      }
    }
  }
}

/** The names that make a model installed, its entry last. */
function namesOf(model: Model, cacheFolder: string, storageFolder: string): string[] {
  const { id, source } = model;
  const versions = source.type === 'hub' ? installedVersions(source, cacheFolder) : [];
  const names = versions.map((version) => provingName(version.source, cacheFolder)!);
  const entry = ownEntries(storageFolder).get(id);
  if (entry !== undefined) names.push(entry);
  if (names.length > 0) return names;
  throw source.type === 'hub'
    ? new EaselError({ code: 'ERR_MODEL_NOT_INSTALLED', message: `The model "${id}" is not installed.` })
    : new EaselError({
        code: 'ERR_REQUEST_INVALID',
        message: `The model "${id}" was not installed or imported here: there is nothing to remove.`,
        hint: 'A model that comes with Easel stays. One whose entry you have written goes with that file.',
      });
}

/** Gives things their names again. Resolves with those; what others have put there since stays theirs. */
async function putBack({ names }: Removed): Promise<string[]> {
  const back: string[] = [];
  for (const name of names) {
    if (!isThere(hiddenName(name))) continue;
    if (isThere(name)) await rm(hiddenName(name));
    else {
      await rename(hiddenName(name), name);
      back.push(name);
    }
  }
  return back;
}

async function deleteNames({ model, cacheFolder }: Removed, names: readonly string[]): Promise<void> {
  const { source } = model;
  const versions = source.type === 'hub' ? installedVersions(source, cacheFolder) : [];
  const own = versions.map((version) => [provingName(version.source, cacheFolder)!, version] as const);
  for (const name of names) {
    const version = own.find(([proof]) => proof === name)?.[1];
    if (version) await uninstall(version.source, cacheFolder);
    else await rm(name, { force: true });
  }
}
