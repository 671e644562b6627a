import type Database from 'libsql';
import { inTransaction } from './transaction.js';

/**
 * Each takes the tables from the version of its place to the next one; databases of version 0 have the first
 * table already, or are new.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    idempotency_key TEXT,
    request TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    result TEXT,
    error TEXT,
    webhook TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    delivered_at INTEGER
  );
  CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_key ON jobs (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
  DROP INDEX IF EXISTS jobs_by_turn;
  DROP INDEX IF EXISTS jobs_by_state;

  ALTER TABLE jobs ADD COLUMN fixed TEXT;
  ALTER TABLE jobs ADD COLUMN asked TEXT;
  ALTER TABLE jobs ADD COLUMN owner TEXT;
  ALTER TABLE jobs ADD COLUMN told_by TEXT;
  CREATE INDEX jobs_by_caller ON jobs (caller);
  CREATE INDEX jobs_waiting ON jobs (priority DESC, caller) WHERE state = 'queued';
  CREATE INDEX jobs_waiting_by_caller ON jobs (caller) WHERE state = 'queued';
  CREATE INDEX jobs_running ON jobs (owner) WHERE state = 'running';
  CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX jobs_untold ON jobs (ended_at) WHERE webhook IS NOT NULL AND ended_at IS NOT NULL AND delivered_at IS NULL;

  CREATE TABLE callers (caller TEXT PRIMARY KEY, turn INTEGER NOT NULL);
  INSERT INTO callers
    SELECT caller, ROW_NUMBER() OVER (ORDER BY MAX(started_at)) FROM jobs WHERE started_at IS NOT NULL GROUP BY caller;

  CREATE TABLE servers (
    id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    machine TEXT NOT NULL,
    beat INTEGER NOT NULL
  );
  `,
  `
  CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    caller TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    job TEXT,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    plugin TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    seed INTEGER,
    about TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    deleted_at INTEGER,
    UNIQUE (caller, name)
  );
  CREATE INDEX images_by_time ON images (created_at DESC, id DESC) WHERE deleted_at IS NULL;
  CREATE INDEX images_by_name ON images (name);
  CREATE INDEX images_deleted ON images (deleted_at) WHERE deleted_at IS NOT NULL;
  INSERT OR IGNORE INTO images (name, caller, created_at, job, prompt, model, plugin, media_type, width, height, seed, about)
    SELECT json_extract(image.value, '$.name'), caller, ended_at, jobs.id, json_extract(result, '$.provenance.parameters.prompt'),
      json_extract(result, '$.provenance.model'), json_extract(result, '$.provenance.plugin.id'),
      json_extract(image.value, '$.mediaType'), json_extract(image.value, '$.width'), json_extract(image.value, '$.height'),
      json_extract(image.value, '$.seed'), json_remove(result, '$.images')
    FROM jobs, json_each(CASE WHEN json_valid(result) THEN json_extract(result, '$.images') ELSE '[]' END) AS image
    WHERE state = 'succeeded' AND ended_at IS NOT NULL AND json_valid(result);
  `,
  `
  CREATE TABLE charges (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    day TEXT NOT NULL,
    plugin TEXT NOT NULL,
    model TEXT NOT NULL,
    images INTEGER NOT NULL,
    amount REAL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL
  );
  CREATE INDEX charges_by_day ON charges (day, caller);
  CREATE INDEX charges_by_model ON charges (plugin, model);
  `,
  `
  ALTER TABLE jobs ADD COLUMN start_before INTEGER;
  CREATE INDEX jobs_to_begin_in_time ON jobs (start_before) WHERE state = 'queued' AND start_before IS NOT NULL;
  `,
];

/**
 * Takes the tables to the newest version. Answers the version that was found where that is a newer one, and
 * changes nothing then.
 */
export function migrate(database: Database.Database): number | undefined {
  const version = () =>
    (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  if (version() === migrations.length) return undefined;
  return inTransaction(database, () => {
    const found = version();
    if (found > migrations.length) return found;
    for (const migration of migrations.slice(found)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    return undefined;
  });
}
