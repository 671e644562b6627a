import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { makePrivateFolder } from '../storage/keep-private.js';
import { type BackupDocument, readBackupDocument } from './backup-document.js';
import { assertUnused } from './find-users.js';
import { copyEntry, databaseName, keptEntries, measureEntry } from './kept-entries.js';
import { holdServersOff } from './restore-marker.js';
import { settleJobs } from './settle-jobs.js';

const stagePrefix = '.restore-';
/** What takes the place of what is there, and what SQLite has laid beside its database. */
const replacedNames = [databaseName, `${databaseName}-wal`, `${databaseName}-shm`, ...keptEntries];

export interface Restored {
  readonly document: BackupDocument;
  /** Jobs that had not ended when the backup was made. */
  readonly unfinished: number;
  /** Absolute path of the folder that what was there was moved to. Absent: nothing was. */
  readonly replaced?: string;
}

/**
 * Puts a backup in the place of what is in a storage folder, whole or not at all: where the command is killed
 * in between, no server starts until it has been run again. What was there is moved into a folder beside it,
 * and what plugins keep stays. Rejects with ERR_STORAGE, also where a server uses the storage folder, and
 * where the backup is of a newer version or has lost files.
 *
 * @param areJobsResumed whether jobs that had not ended are to be done; they are ended as failed otherwise
 */
export async function restoreBackup(
  source: string,
  storageFolder: string,
  areJobsResumed: boolean,
): Promise<Restored> {
  const document = await readBackupDocument(source);
  await assertWhole(source, document);
  makePrivateFolder(storageFolder);
  const isHeldOff = await holdServersOff(storageFolder);
  const stage = join(storageFolder, `${stagePrefix}${randomBytes(4).toString('hex')}`);
  try {
    await assertUnused(storageFolder);
    // Of a command that was killed.
    for (const name of await readdir(storageFolder))
      if (name.startsWith(stagePrefix)) await rm(join(storageFolder, name), { recursive: true, force: true });
    await mkdir(stage, { mode: 0o700 });
    for (const name of [databaseName, ...keptEntries]) await copyEntry(join(source, name), join(stage, name));
    const unfinished = settleJobs(join(stage, databaseName), areJobsResumed);
    const replaced = await swap(stage, storageFolder);
    return { document, unfinished, ...(replaced === undefined ? {} : { replaced }) };
  } catch (cause) {
    if (EaselError.isInstance(cause)) throw cause;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The backup was not restored: ${(cause as Error).message}.`,
      hint: 'What was there is unchanged. Try again when there is room, and the folders may be read and written.',
      cause,
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
    await isHeldOff();
  }
}

async function assertWhole(source: string, { files, bytes }: BackupDocument): Promise<void> {
  const found = await measureEntry(source);
  const { bytes: own } = await measureEntry(join(source, 'easel-backup.json'));
  if (found.files - 1 === files && found.bytes - own === bytes) return;
  throw new EaselError({
    code: 'ERR_STORAGE',
    message: `${source} is not whole: it has ${found.files - 1} files with ${found.bytes - own} bytes, and had ${files} with ${bytes}.`,
    hint: 'Copy it again, or take another backup.',
  });
}

/** Moves what is there away and the new in its place, and all of it back where one move fails. */
async function swap(stage: string, storageFolder: string): Promise<string | undefined> {
  const replaced = join(storageFolder, `replaced-${new Date().toISOString().replaceAll(':', '-')}`);
  const present = replacedNames.filter((name) => existsSync(join(storageFolder, name)));
  if (present.length > 0) await mkdir(replaced, { mode: 0o700 });
  const moves = [
    ...present.map((name) => [join(storageFolder, name), join(replaced, name)] as const),
    ...(await readdir(stage)).map((name) => [join(stage, name), join(storageFolder, name)] as const),
  ];
  const done: (readonly [string, string])[] = [];
  try {
    for (const move of moves) {
      await rename(...move);
      done.unshift(move);
    }
  } catch (error) {
    for (const [from, to] of done) await rename(to, from);
    throw error;
  }
  return present.length > 0 ? replaced : undefined;
}
