import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';
import { findServers } from '../http/running-servers.js';
import type { ServerRow } from '../jobs/database/server-table.js';
import { assertSqlite, openSqlite } from '../jobs/database/sqlite.js';
import { isServerRunning } from '../jobs/server-mark.js';
import { databaseName } from './kept-entries.js';

/** Milliseconds in which a server gives a sign of life (ServerLease). */
const beatMs = 9_000;

/**
 * Rejects with ERR_STORAGE where a server uses the storage folder. One whose process cannot be looked at, as
 * that of another container, is watched for a sign of life.
 */
export async function assertUnused(storageFolder: string): Promise<void> {
  assertSqlite();
  const [known] = findServers(storageFolder);
  if (known) throw inUse(`process ${known.pid}, ${known.url}`);
  const servers = readServers(storageFolder);
  const running = servers.find((server) => isServerRunning(server) === true);
  if (running) throw inUse(`process ${running.pid}`);
  const strangers = servers.filter((server) => isServerRunning(server) === undefined);
  if (strangers.length === 0) return;
  await delay(beatMs);
  const beats = new Map(strangers.map(({ id, beat }) => [id, beat]));
  if (readServers(storageFolder).some(({ id, beat }) => beats.has(id) && beats.get(id) !== beat))
    throw inUse('in another container');
}

/** Those that the database knows of; none where there is no database that can be read. */
function readServers(storageFolder: string): ServerRow[] {
  const file = join(storageFolder, databaseName);
  if (!existsSync(file)) return [];
  try {
    const database = openSqlite(file, { readonly: true });
    try {
      return database
        .prepare('SELECT id, pid, started_at AS startedAt, machine, beat FROM servers')
        .all() as ServerRow[];
    } finally {
      database.close();
    }
  } catch {
    // Damaged, which a backup is restored for, or of the first version, which had no such table.
    return [];
  }
}

const inUse = (who: string) =>
  new EaselError({
    code: 'ERR_STORAGE',
    message: `A server uses the storage folder: ${who}.`,
    hint: 'Stop it, and restore then.',
  });
