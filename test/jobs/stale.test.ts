import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../core/src/jobs/database/open-database.js';
import { ServerTable } from '../../core/src/jobs/database/server-table.js';

it('sees what another connection has written that kept it from writing, and writes after it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'easel-stale-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  const database = openDatabase(join(folder, 'jobs.db'));
  onTestFinished(() => void database.close());
  const servers = new ServerTable(database);
  const server = { id: 'one', pid: 1, startedAt: '0', machine: 'here' };
  servers.register(server);
  const other = new Database(join(folder, 'jobs.db'));
  onTestFinished(() => void other.close());

  other.exec('BEGIN IMMEDIATE');
  for (const id of ['two', 'three'])
    other
      .prepare('INSERT INTO servers (id, pid, started_at, machine, beat) VALUES (?, 1, 0, ?, 0)')
      .run(id, 'here');
  expect(() => servers.beat('one')).toThrow('locked');
  expect(servers.others('one')).toEqual([]);
  other.exec('COMMIT');
  expect(servers.others('one').map(({ id }) => id)).toEqual(['two', 'three']);
  expect(servers.beat('one')).toBe(true);
});
