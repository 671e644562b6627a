import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { openDatabase } from '../../core/src/jobs/database/open-database.js';
import { mountSmallDisk } from '../jobs/small-disk.js';
import { type Answer, inParallel, type Shot, send, slowest, tally } from './send.js';
import { type Attacked, answerMs, underAttack } from './under-attack.js';

const soon = { timeout: 60_000, interval: 100 };
const headers = { 'content-type': 'application/json' };
const body = JSON.stringify({ prompt: 'a fixture', model: 'steady-one' });
const job: Shot = { method: 'POST', path: '/api/images/jobs', headers, body };
/** What people do meanwhile: each of them asks the storage for something, but for the last one. */
const usual: readonly Shot[] = [
  job,
  { method: 'POST', path: '/api/images/generate', headers, body },
  { method: 'GET', path: '/api/images/jobs?limit=1000' },
  { method: 'GET', path: '/readyz' },
  { method: 'POST', path: '/v1/images/generations', headers: { ...headers, 'idempotency-key': 'one' }, body },
  { method: 'POST', path: '/v1/images/generations', headers, body },
];
const tries = 10;

/** Asks for all of it, some at once, again and again. Answers what came back. */
async function use({ url }: Attacked): Promise<Answer[]> {
  const shots = Array.from({ length: tries }, () => usual).flat();
  return await inParallel(shots, 8, (shot) => send(url, shot));
}

const isReady = async ({ url }: Attacked) => (await send(url, { method: 'GET', path: '/readyz' })).status;

/** Holds the answers to what is promised, and the jobs that were accepted among them to their end. */
async function expectServed({ url }: Attacked, answers: readonly Answer[], statuses: readonly number[]) {
  expect(answers.filter(({ status }) => !statuses.includes(status))).toEqual([]);
  expect(slowest(answers)).toBeLessThan(answerMs);
  const accepted = answers.filter(({ status }) => status === 202).map(({ text }) => JSON.parse(text).id);
  const stateOf = async (id: string) =>
    ((await (await fetch(`${url}/api/images/jobs/${id}`)).json()) as { state: string }).state;
  for (const id of accepted) await expect.poll(() => stateOf(id), soon).toBe('succeeded');
}

const fileOf = ({ folder }: Pick<Attacked, 'folder'>) => join(folder, 'kept', 'jobs.db');

it('100,000 jobs wait', () =>
  underAttack(
    '100,000 jobs',
    async (server) => {
      const answers = await use(server);
      await expectServed(server, answers, [200, 202]);
      return { ...tally(answers), slowestMs: slowest(answers) };
    },
    {
      configuration: { server: { jobsPerKey: 100_000, jobsAtOnce: 2 } },
      prepare(folder) {
        const database = openDatabase(fileOf({ folder }));
        const insert = database.prepare(
          `INSERT INTO jobs (id, caller, request, priority, state, created_at) VALUES (?, ?, ?, 0, 'queued', ?)`,
        );
        const request = JSON.stringify({ prompt: 'a fixture' });
        database.exec('BEGIN');
        for (let number = 0; number < 100_000; number++)
          insert.run(randomUUID(), `caller-${number % 20}`, request, Date.now());
        database.exec('COMMIT');
        database.close();
      },
    },
  ));

it('the disk is full', () => {
  const disk = mountSmallDisk(64);
  return underAttack(
    'full disk',
    async (server) => {
      // Again and again: what is removed meanwhile makes room.
      const filling = setInterval(() => disk.fill(), 100);
      disk.fill();
      const answers = await use(server).finally(() => clearInterval(filling));
      disk.empty();
      await expect.poll(() => isReady(server), soon).toBe(200);
      expect(tally(answers)[507]).toBeGreaterThan(tries);
      await expectServed(server, answers, [200, 202, 503, 507]);
      return { ...tally(answers), slowestMs: slowest(answers) };
    },
    { configuration: { storageFolder: disk.folder } },
  );
});

it('another process holds the database for 10 s', () =>
  underAttack('locked database', async (server) => {
    const other = new Database(fileOf(server));
    other.exec('PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE;');
    const release = setTimeout(() => other.exec('COMMIT'), 10_000);
    const answers = await use(server).finally(() => clearTimeout(release));
    if (other.inTransaction) other.exec('COMMIT');
    other.close();
    await expect.poll(() => isReady(server), soon).toBe(200);
    expect(tally(answers)[503]).toBeGreaterThan(0);
    await expectServed(server, answers, [200, 202, 503, 507]);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));

it('the database is overwritten with garbage, and put right', () =>
  underAttack('damaged database', async (server) => {
    // All that is in it lies in the file, and nothing beside it.
    const other = new Database(fileOf(server));
    await expect
      .poll(() => {
        const [done] = other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all() as { busy: number }[];
        return done?.busy;
      }, soon)
      .toBe(0);
    other.close();
    const file = await open(fileOf(server), 'r+');
    const { size } = await file.stat();
    const whole = Buffer.alloc(size);
    await file.read(whole, 0, size, 0);
    await file.write(Buffer.alloc(size, 0x5a), 0, size, 0);
    const answers = await use(server);
    await file.write(whole, 0, size, 0);
    await file.close();
    await expect.poll(() => isReady(server), soon).toBe(200);
    await expectServed(server, answers, [200, 202, 503, 507]);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));

/** The server makes its folder anew while it has none, at any moment. */
async function putBack(away: string, kept: string): Promise<void> {
  await rm(kept, { recursive: true, force: true, maxRetries: 50 });
  await rename(away, kept).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY') throw error;
    await putBack(away, kept);
  });
}

it.each(['moved away for a while', 'removed'])('the storage folder is %s', (how) =>
  underAttack(`storage folder, ${how}`, async (server) => {
    const [kept, away] = [join(server.folder, 'kept'), join(server.folder, 'away')];
    await (how === 'removed' ? rm(kept, { recursive: true, maxRetries: 50 }) : rename(kept, away));
    const answers = await use(server);
    if (how !== 'removed') await putBack(away, kept);
    await expect.poll(() => isReady(server), soon).toBe(200);
    expect(tally(answers)[507]).toBeGreaterThan(0);
    await expectServed(server, answers, [200, 202, 503, 507]);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }),
);
