import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ImageTable } from '../../core/src/jobs/database/image-table.js';
import { JobTable } from '../../core/src/jobs/database/job-table.js';
import { openDatabase } from '../../core/src/jobs/database/open-database.js';
import { ServerTable } from '../../core/src/jobs/database/server-table.js';
import { isLate, lateError } from '../../core/src/jobs/late.js';

const folder = mkdtempSync(join(tmpdir(), 'easel-late-'));
const server = randomUUID();
let database: Database.Database;
let jobTable: JobTable;

beforeAll(() => {
  database = openDatabase(join(folder, 'jobs.db'));
  jobTable = new JobTable(database, new ImageTable(database));
  new ServerTable(database).register({ id: server, pid: process.pid, startedAt: '', machine: '' });
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

const asked = { plugin: 'a-plugin', model: 'a-model' };
const result = { images: [], warnings: [], timings: {}, provenance: {} } as never;

/** What was known of a job when it was put back, and whether it is begun after its time. */
it.each([
  ['that nobody was asked for', {}, true],
  ['that only a plugin without a price was asked for', { asked: { ...asked, isPaid: false } }, true],
  ['that may have been paid', { asked }, false],
  ['that was paid', { asked: { ...asked, isPaid: true } }, false],
  ['that is a grid with a cell', { result }, false],
] as const)('a job %s: it is late by the rule and in the database alike', (_name, known, late) => {
  const now = Date.now();
  expect(isLate({ startBefore: now, ...known }, now - 1)).toBe(false);
  expect(isLate({ startBefore: now, ...known }, now)).toBe(late);
  expect(isLate(known, now)).toBe(false);

  const fields = { request: '{"prompt":"a fixture"}', fixed: undefined, priority: 0, webhook: undefined };
  const given = { caller: randomUUID(), idempotencyKey: undefined, now, limit: 10, startBefore: now };
  const { id = '' } = jobTable.create({ ...fields, ...given })?.job ?? {};
  expect(jobTable.begin(server, now - 1)?.id).toBe(id);
  if ('asked' in known) jobTable.noteAsked(id, server, known.asked);
  if ('result' in known) jobTable.noteCell(id, server, { soFar: result, cell: result }, now);
  jobTable.putBack(id, server);
  expect(jobTable.endLate(server, now - 1)).toEqual([]);
  const ended = jobTable.endLate(server, now);
  expect(ended.map((job) => [job.id, job.state, job.error])).toEqual(late ? [[id, 'failed', lateError]] : []);
  expect(jobTable.begin(server, now)?.id).toBe(late ? undefined : id);
});
