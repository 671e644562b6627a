import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { assertSqlite, openSqlite } from '../jobs/database/sqlite.js';
import { writePrivateFile } from '../results/write-whole-file.js';
import { makeFolder } from '../storage/make-folder.js';
import { coreVersion } from '../version.js';
import { type BackupDocument, backupFormat, documentName } from './backup-document.js';
import { copyEntry, databaseName, keptEntries, measureEntry } from './kept-entries.js';

/** Milliseconds that SQLite waits for a server that writes. */
const lockMs = 10_000;

/**
 * Copies jobs, images, keys and own catalogue entries of a storage folder into a new folder, also while
 * servers use it. The folder is there once the backup is whole, and not before. Rejects with ERR_STORAGE,
 * and with ERR_CONFIG_INVALID where SQLite is not installed.
 *
 * @param target absolute path of a folder that is not there
 */
export async function makeBackup(storageFolder: string, target: string): Promise<BackupDocument> {
  assertSqlite();
  const database = join(storageFolder, databaseName);
  if (!existsSync(database))
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `There is nothing to back up: ${database} does not exist.`,
      hint: 'Set EASEL_STORAGE, or name the configuration of the server with --config.',
    });
  if (existsSync(target))
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `${target} exists already.`,
      hint: 'Name a folder that is not there; nothing is overwritten.',
    });
  const partial = `${target}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await makeFolder(dirname(target));
    await mkdir(partial, { mode: 0o700 });
    // Before the images: those that it knows are there then, as far as they are kept.
    copyDatabase(database, join(partial, databaseName));
    await chmod(join(partial, databaseName), 0o600);
    for (const name of keptEntries) await copyEntry(join(storageFolder, name), join(partial, name));
    const amount = await measureEntry(partial);
    const document = {
      format: backupFormat,
      easel: coreVersion,
      createdAt: new Date().toISOString(),
      ...amount,
    };
    await writePrivateFile(
      join(partial, documentName),
      Buffer.from(`${JSON.stringify(document, null, 2)}\n`),
    );
    await rename(partial, target);
    return document;
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (EaselError.isInstance(cause)) throw cause;
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The backup was not made: ${(cause as Error).message}.`,
      hint: 'Nothing is left of it. Try again when there is room, and the folders may be read and written.',
      cause,
    });
  }
}

/** One moment of a database that others may write to; libsql lacks SQLite's own call for backups. */
function copyDatabase(from: string, to: string): void {
  const database = openSqlite(from);
  try {
    database.exec(`PRAGMA busy_timeout = ${lockMs}`);
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
}
