import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { makeFolder } from '../../storage/make-folder.js';
import { encodeUnit, readPlace } from './encode-unit.js';
import { Journal } from './journal.js';
import type { Layout, Unit } from './layout.js';

export interface CopyOptions {
  /** Told how many bytes more were read or checked, and of which file. */
  readonly onBytes?: ((bytes: number, what: string) => void) | undefined;
  /** Stops it; what is written is kept, and the next call goes on there. Rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes after which what was written is brought to the disk and noted. */
const syncEvery = 64 * 1024 ** 2;

export const journalOf = (path: string): string => `${path}.journal`;

/**
 * Writes a file as its layout says, tensor by tensor, reads it again and compares it with what was written,
 * and only then gives it its name. A file that was cut off is gone on with; one that is finished stays.
 *
 * @throws ERR_STORAGE where the disk refuses, or gives back something else
 */
export async function writeCopy(path: string, layout: Layout, options: CopyOptions = {}): Promise<void> {
  const { onBytes, signal } = options;
  await storing(path, () => makeFolder(dirname(path)));
  const journal = await Journal.open(journalOf(path), await nameOf(layout));
  const isDone = existsSync(path) && journal.done.size === layout.units.length;
  if (isDone) {
    onBytes?.(workBytes(layout), path);
    return;
  }
  const partial = `${path}.partial`;
  // A journal without its file, or with another one, is worth nothing.
  const isThere = (await stat(partial).catch(() => undefined))?.size === layout.bytes;
  if (!isThere) journal.done.clear();
  const file = await storing(path, () => open(partial, isThere ? 'r+' : 'w+'));
  try {
    await storing(path, async () => {
      await file.truncate(layout.bytes);
      await file.write(layout.header, 0, layout.header.length, 0);
    });
    const write = new Writing(path, file, journal, options);
    try {
      for (const [index, unit] of layout.units.entries()) {
        if (journal.done.has(index)) onBytes?.(unit.tensor.length, basename(path));
        else await write.unit(index, unit);
      }
    } finally {
      await write.flush();
    }
    for (const [index, unit] of layout.units.entries()) await check(unit, index);
  } finally {
    await file.close();
  }
  await storing(path, () => rename(partial, path));

  async function check({ tensor, places }: Unit, index: number): Promise<void> {
    for (const [at, place] of places.entries()) {
      const hash = createHash('sha256');
      for await (const bytes of readPlace(file, partial, place)) {
        signal?.throwIfAborted();
        hash.update(bytes);
        onBytes?.(bytes.length, `checking ${basename(path)}`);
      }
      if (hash.digest('hex') === journal.done.get(index)?.[at]) continue;
      await journal.remove();
      throw new EaselError({
        code: 'ERR_STORAGE',
        message: `The disk gives back something else than was written of "${tensor.name}" to ${partial}.`,
        hint: 'Check the disk, and run the command again: it begins anew.',
      });
    }
  }
}

/** The bytes that are read and checked for a file. */
export const workBytes = ({ units, bytes, header }: Layout): number =>
  units.reduce((sum, { tensor }) => sum + tensor.length, bytes - header.length);

class Writing {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #journal: Journal;
  readonly #options: CopyOptions;
  #pending = new Map<number, readonly string[]>();
  #bytes = 0;

  constructor(path: string, file: FileHandle, journal: Journal, options: CopyOptions) {
    this.#path = path;
    this.#file = file;
    this.#journal = journal;
    this.#options = options;
  }

  async unit(index: number, unit: Unit): Promise<void> {
    const { onBytes, signal } = this.#options;
    const hashes = unit.places.map(() => createHash('sha256'));
    const positions = unit.places.map(({ offset }) => offset);
    const source = await open(unit.tensor.file);
    try {
      for await (const { place, bytes, read } of encodeUnit(unit, source)) {
        signal?.throwIfAborted();
        hashes[place]!.update(bytes);
        await storing(this.#path, () => this.#file.write(bytes, 0, bytes.length, positions[place]!));
        positions[place]! += bytes.length;
        this.#bytes += bytes.length;
        onBytes?.(read, basename(this.#path));
      }
    } finally {
      await source.close();
    }
    this.#pending.set(
      index,
      hashes.map((hash) => hash.digest('hex')),
    );
    if (this.#bytes >= syncEvery) await this.flush();
  }

  /** Brings what was written to the disk, and notes it then. */
  async flush(): Promise<void> {
    await storing(this.#path, async () => {
      await this.#file.datasync();
      await this.#journal.add(this.#pending);
    });
    this.#pending = new Map();
    this.#bytes = 0;
  }
}

/** What is written from what: another layout, or files that have changed since, have another name. */
async function nameOf({ header, units }: Layout): Promise<string> {
  const files = [...new Set(units.map(({ tensor }) => tensor.file))];
  const about = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs];
    }),
  );
  return createHash('sha256').update(header).update(JSON.stringify(about)).digest('hex');
}

async function storing<Done>(path: string, work: () => Promise<Done>): Promise<Done> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof EaselError) throw cause;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}).`,
      hint: 'Make room or change its permissions, or name another place with --out. What is written is kept for the next try.',
      cause,
    });
  }
}
