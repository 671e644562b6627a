import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { endServer, type JobAnswer, jobOf } from './shared-folder.js';

const soon = { interval: 100 };
const command = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));
const fileOf = (folder: string) => join(folder, 'kept', 'jobs.db');
const body = JSON.stringify({ prompt: 'a fixture' });
const headers = { 'content-type': 'application/json' };

/** What `easel serve` says where it does not start. */
async function failToServe(folder: string): Promise<{ status: number; message: string }> {
  const child = spawn(process.execPath, [command, 'serve', '--port', '0'], { cwd: folder });
  const message = text(child.stderr);
  const [status] = (await once(child, 'exit')) as [number];
  return { status, message: await message };
}

/** A folder whose server has done that many jobs, and has ended. */
async function createUsedFolder(count: number): Promise<{ folder: string; ids: string[] }> {
  const folder = await createServeFolder();
  const server = await serveFrom(folder);
  const ids: string[] = [];
  for (let job = 0; job < count; job++) {
    const response = await fetch(`${server.url}/api/images/jobs`, { method: 'POST', headers, body });
    ids.push(((await response.json()) as JobAnswer).id);
  }
  for (const id of ids)
    await expect.poll(async () => (await jobOf(server, id)).state, soon).toBe('succeeded');
  await endServer(server, 'SIGTERM');
  return { folder, ids };
}

describe('a damaged jobs.db', () => {
  it.each<[string, (whole: Buffer) => Buffer]>([
    ['that is not a database', () => Buffer.from('this is a text, and no database at all\n'.repeat(20))],
    [
      'whose pages are overwritten',
      (whole) => Buffer.concat([whole.subarray(0, 4_096), Buffer.alloc(whole.length - 4_096, 0x5a)]),
    ],
    ['that is cut off', (whole) => whole.subarray(0, 6_000)],
  ])(
    '%s is named, with what to do, and left as it is',
    async (_, damage) => {
      const { folder } = await createUsedFolder(3);
      const file = fileOf(folder);
      const damaged = damage(await readFile(file));
      await writeFile(file, damaged);
      const { status, message } = await failToServe(folder);
      expect(status).not.toBe(0);
      expect(message).toContain(file);
      expect(message).toMatch(/damaged/);
      expect(message).toMatch(/Move it away/);
      expect(await readFile(file)).toEqual(damaged);
    },
    120_000,
  );

  it('of a newer version is left as it is', async () => {
    const { folder } = await createUsedFolder(1);
    const file = fileOf(folder);
    const database = new Database(file);
    database.exec('PRAGMA user_version = 1000');
    database.close();
    const { status, message } = await failToServe(folder);
    expect(status).not.toBe(0);
    expect(message).toContain(`${file} was written by a newer version of Easel`);
  });
});

it('a broken row is a job that has failed, and hides no other', async () => {
  const { folder, ids } = await createUsedFolder(4);
  const [noResult = '', noRequest = '', noTime = '', whole = ''] = ids;
  const database = new Database(fileOf(folder));
  database.prepare(`UPDATE jobs SET result = '{"images": [' WHERE id = ?`).run(noResult);
  database
    .prepare(`UPDATE jobs SET state = 'queued', request = 'x', result = NULL, ended_at = NULL WHERE id = ?`)
    .run(noRequest);
  database.prepare(`UPDATE jobs SET created_at = 'yesterday' WHERE id = ?`).run(noTime);
  database.close();
  const server = await serveFrom(folder);
  for (const id of [noResult, noRequest, noTime])
    expect(await jobOf(server, id)).toMatchObject({ state: 'failed', error: { code: 'ERR_STORAGE' } });
  expect((await jobOf(server, whole)).state).toBe('succeeded');
  const { jobs } = (await (await fetch(`${server.url}/api/images/jobs`)).json()) as { jobs: JobAnswer[] };
  expect(jobs.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const response = await fetch(`${server.url}/api/images/jobs`, { method: 'POST', headers, body });
  const { id } = (await response.json()) as JobAnswer;
  await expect.poll(async () => (await jobOf(server, id)).state, soon).toBe('succeeded');
});

/** As it was written before there were versions. */
function writeVersionZero(file: string): void {
  const database = new Database(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE jobs (
      id TEXT PRIMARY KEY, caller TEXT NOT NULL, idempotency_key TEXT, request TEXT NOT NULL, priority INTEGER NOT NULL, state TEXT NOT NULL,
      result TEXT, error TEXT, webhook TEXT, created_at INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, delivered_at INTEGER
    );
    CREATE UNIQUE INDEX jobs_by_key ON jobs (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX jobs_by_turn ON jobs (caller, started_at);
    CREATE INDEX jobs_by_state ON jobs (state, priority DESC, created_at);
  `);
  const insert = database.prepare(
    `INSERT INTO jobs (id, caller, idempotency_key, request, priority, state, result, created_at, started_at, ended_at)
     VALUES (?, '', ?, '{"prompt":"a fixture"}', 0, ?, ?, ?, ?, ?)`,
  );
  const result = { images: [], warnings: [], timings: { total: 1 }, provenance: { model: 'steady-one' } };
  const now = Date.now();
  insert.run('done', null, 'succeeded', JSON.stringify(result), now - 3_000, now - 2_000, now - 1_000);
  insert.run('at-work', null, 'running', null, now - 3_000, now - 2_000, null);
  insert.run('waiting', 'known', 'queued', null, now - 1_000, null, null);
  database.close();
}

it('a jobs.db of version 0 opens, and what waits in it is done', async () => {
  const folder = await createServeFolder();
  await mkdir(join(folder, 'kept'), { recursive: true });
  writeVersionZero(fileOf(folder));
  const server = await serveFrom(folder);
  for (const id of ['waiting', 'at-work'])
    await expect.poll(async () => (await jobOf(server, id)).state, soon).toBe('succeeded');
  expect((await jobOf(server, 'done')).state).toBe('succeeded');
  const again = await fetch(`${server.url}/api/images/jobs`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': 'known' },
    body,
  });
  expect(((await again.json()) as JobAnswer).id).toBe('waiting');
  const database = new Database(fileOf(folder));
  expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 4 });
  database.close();
});
