import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isProcessAlive } from './execution-process.js';
import { measureEntry, removeEntry } from './prepared-entry.js';

/** Folders that are being written are named so, with the number of the process that writes. */
const buildingName = /^building-(\d+)-/;

export const buildingPrefix = (): string => `building-${process.pid}-`;

/**
 * Makes room in a folder of entries: the ones that were used longest ago go first.
 *
 * @param maximumBytes what the entries that are left may take together
 */
export async function makeRoom(folder: string, maximumBytes: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => !buildingName.test(name))
      .map(async (name) => ({ name, measured: await measureEntry(join(folder, name)) })),
  );
  const entries = found.flatMap(({ name, measured }) => (measured ? [{ name, ...measured }] : []));
  let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of entries.sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= maximumBytes) return;
    await removeEntry(join(folder, name));
    total -= bytes;
  }
}

/** Removes what processes that are no more have begun to write. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = buildingName.exec(name)?.[1];
    if (pid !== undefined && Number(pid) !== process.pid && !isProcessAlive(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Bytes that are free for us on a folder's disk. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
