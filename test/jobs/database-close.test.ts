import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { ImageListing } from '../../core/dist/http/gallery/image-listing.js';
import { StorageSweep } from '../../core/dist/http/storage-sweep.js';
import { DatabaseThread } from '../../core/dist/jobs/database/database-thread.js';
import { ServerLease } from '../../core/dist/jobs/server-lease.js';

/** A database that is open, in a folder of its own, and what it and its servers tell. */
async function openOne() {
  const folder = await mkdtemp(join(tmpdir(), 'easel-close-'));
  const file = join(folder, 'jobs.db');
  const told: string[] = [];
  const database = new DatabaseThread(file, (notice) => told.push(notice));
  onTestFinished(async () => {
    await database.close();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
  expect(await database.open()).toBeUndefined();
  const tell = (text: string) => void told.push(text);
  return { folder, file, told, database, logger: { debug: tell, info: tell, warn: tell, error: tell } };
}

/** SQLite removes its log when the last connection is closed. */
const isOpen = (file: string) => existsSync(`${file}-wal`);

const refused = {
  code: 'ERR_STORAGE',
  message: expect.stringMatching(/jobs\.db has been closed/) as unknown,
  retryAfterMs: expect.any(Number) as unknown,
};

it('answers what was asked before it is closed, refuses what comes after, and stays closed', async () => {
  const { folder, file, told, database } = await openOne();
  const asked = Array.from({ length: 50 }, () => database.jobTable.backlog());
  const closing = database.close();
  const during = database.jobTable.backlog();
  await expect(during).rejects.toMatchObject(refused);
  expect(await Promise.allSettled(asked)).toEqual(
    asked.map(() => expect.objectContaining({ status: 'fulfilled' }) as unknown),
  );
  await closing;
  expect(isOpen(file)).toBe(false);
  await rename(folder, `${folder}-away`);
  await expect(database.jobTable.backlog()).rejects.toMatchObject(refused);
  await expect(database.open()).rejects.toMatchObject(refused);
  await database.close();
  expect(existsSync(folder)).toBe(false);
  await rename(`${folder}-away`, folder);
  expect(isOpen(file)).toBe(false);
  expect(told).toEqual([]);
});

it('waits for a call that waits for another process to let go of the file', async () => {
  const { file, database } = await openOne();
  const other = new Database(file);
  onTestFinished(() => void other.close());
  other.exec('BEGIN IMMEDIATE');
  const server = { id: 'one', pid: 1, startedAt: '0', machine: 'here' };
  const written = database.serverTable.register(server);
  let isWritten = false;
  const noted = written.then(() => {
    isWritten = true;
  });
  const closing = database.close().then(() => isWritten);
  // Some tries.
  await delay(200);
  other.exec('COMMIT');
  expect(await closing).toBe(true);
  await noted;
  expect(other.prepare('SELECT id FROM servers').all()).toEqual([{ id: 'one' }]);
});

it('leaves no thread behind of a file that cannot be used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-close-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await writeFile(join(folder, 'jobs.db'), 'this is no database');
  const database = new DatabaseThread(join(folder, 'jobs.db'), () => {});
  await expect(database.open()).rejects.toThrow('is damaged');
  await expect(database.open()).rejects.toMatchObject(refused);
});

it('a server that has let go of its jobs is not written down again by a look at its health', async () => {
  const { file, told, database, logger } = await openOne();
  const lease = new ServerLease({ database, logger, onLost: () => {}, onChange: () => {} });
  lease.start();
  await expect.poll(() => lease.holder).toEqual(expect.any(String));
  await lease.close();
  await expect(lease.beat()).rejects.toMatchObject({ code: 'ERR_STORAGE' });
  expect(await database.serverTable.others('')).toEqual([]);
  await database.close();
  expect(isOpen(file)).toBe(false);
  expect(told).toEqual([]);
});

it('images that come after the end are told of, and not tried again for ever', async () => {
  const { told, database, logger } = await openOne();
  const listing = new ImageListing(database.imageTable, logger);
  await listing.close();
  await database.close();
  await listing.add('', { images: [] } as never, Date.now());
  expect(told).toEqual(['The gallery lacks the images of 1 calls; their files are kept.']);
});

it('what clears away old images ends before the database does, and what is left is not told of', async () => {
  const { told, database, logger } = await openOne();
  const steps: string[] = [];
  let finish = () => {};
  const step = (name: string) => ({
    async sweep() {
      steps.push(name);
      if (name === 'results') await new Promise<void>((resolve) => (finish = resolve));
      return [];
    },
  });
  const sweep = new StorageSweep({
    database,
    charges: database.chargeTable,
    results: step('results') as never,
    cache: step('cache') as never,
    inputs: step('inputs') as never,
    configuration: { resultDays: 1, resultsMb: 1 },
    logger,
  });
  await expect.poll(() => steps).toEqual(['results']);
  const closing = sweep.close().then(() => steps.push('closed'));
  finish();
  await closing;
  await database.close();
  expect(steps).toEqual(['results', 'closed']);
  expect(told).toEqual([]);
});
