import { closeSync, openSync, readSync } from 'node:fs';
import type Database from 'libsql';
import { makePrivateFile } from '../../storage/keep-private.js';
import { migrate } from './schema.js';
import { openSqlite } from './sqlite.js';
import { lockBeforeWriting } from './transaction.js';

/**
 * Milliseconds that SQLite waits for a lock; whoever asked waits for longer, and lets others have their turn
 * meanwhile.
 */
const lockMs = 20;
/** sqlite.org/fileformat.html, section 1.3. */
const header = 'SQLite format 3\0';

/** Thrown for a database that must not be touched. */
export class UnusableDatabase extends Error {
  readonly kind: 'damaged' | 'newer';

  constructor(kind: 'damaged' | 'newer', message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Opens the database of jobs, and makes it if there is none; only its owner may read it. Throws
 * {@link UnusableDatabase} for one that is damaged or of a newer version, and leaves it as it is.
 */
export function openDatabase(file: string): Database.Database {
  // What SQLite lays beside it has the mode of the database.
  makePrivateFile(file);
  const found = readHeader(file);
  if (found !== '' && found !== header) throw new UnusableDatabase('damaged', 'it is not an SQLite database');
  const database = openSqlite(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${lockMs}`);
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw new UnusableDatabase('damaged', check.quick_check);
    // What was accepted, and who was asked for it, has to outlive a loss of power.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const newer = migrate(database);
    if (newer !== undefined) throw new UnusableDatabase('newer', `its version is ${newer}`);
    lockBeforeWriting(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The first bytes of a file. Empty: it has none. */
function readHeader(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(header.length);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
