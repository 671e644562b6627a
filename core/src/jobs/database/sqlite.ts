import { createRequire } from 'node:module';
import type Database from 'libsql';
import { assertInstalled } from '../../optional-package.js';

/** Throws ERR_CONFIG_INVALID where SQLite is not installed: only who keeps jobs needs it. */
export const assertSqlite = () => assertInstalled('libsql', 'Jobs, costs and backups need');

/**
 * Opens a database file. Throws ERR_CONFIG_INVALID where SQLite is not installed, and what SQLite does.
 *
 * @param options absent: it is made where there is none, and may be written
 */
export function openSqlite(file: string, options?: Database.Options): Database.Database {
  assertSqlite();
  const Sqlite = createRequire(import.meta.url)('libsql') as typeof Database;
  return new Sqlite(file, options);
}
