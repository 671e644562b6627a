import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { JobEvent, JobQueue, JobRecords, ResultStore } from '@easel/core/scale';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseThread } from '../../core/dist/jobs/database/database-thread.js';
import { SqliteJobQueue } from '../../core/dist/jobs/sqlite-job-queue.js';
import { FolderResultStore } from '../../core/dist/results/folder-result-store.js';
import { StorageFolder } from '../../core/dist/storage/storage-folder.js';
import { openSharedParts } from '../../scale/dist/index.js';
import { ObjectJobRecords } from '../../scale/dist/records/object-job-records.js';
import { ObjectResultStore } from '../../scale/dist/records/object-result-store.js';
import { S3Objects } from '../../scale/dist/s3/s3-objects.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { hostOf } from './fixtures/in-process.js';
import { createWorld, fixtureFolders, secrets, type World } from './fixtures/world.js';

interface OpenQueue {
  readonly jobs: JobQueue;
  close(): Promise<void>;
}

/** One way to keep what servers keep; the suite below holds each of them to the same. */
interface Kind {
  readonly name: string;
  results(): ResultStore;
  records(): JobRecords;
  /** Has a job be one that this owner works on. */
  begin(owner: string): Promise<void>;
  /** @param perCaller jobs that a caller may have waiting @param isWorker whether it does jobs */
  openQueue(perCaller: number, isWorker: boolean): Promise<OpenQueue>;
}

let world: World;
let folder: string;
let manager: ImageServiceManager;
let database: DatabaseThread;
let storage: StorageFolder;
let objects: S3Objects;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-contract-'));
  storage = new StorageFolder(folder);
  database = new DatabaseThread(storage.database, () => {});
  await database.open();
  manager = createImageServiceManager({
    bundled: false,
    configuration: { ...fixtureFolders, currentModel: 'steady-one', storageFolder: folder },
  });
  world = await createWorld();
  objects = new S3Objects(
    { ...world.s3, region: 'us-east-1', prefix: 'contracts/' },
    { id: secrets.AWS_ACCESS_KEY_ID, secret: secrets.AWS_SECRET_ACCESS_KEY, session: undefined },
  );
});
afterAll(async () => {
  await manager?.close();
  await database?.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const kinds: readonly Kind[] = [
  {
    name: 'one machine: SQLite and a folder',
    results: () => new FolderResultStore(storage, 'results'),
    records: () => database.jobTable,
    begin: async (owner) => {
      await database.serverTable.register({ id: owner, pid: process.pid, startedAt: '', machine: '' });
      expect(await database.jobTable.begin(owner, Date.now())).toBeDefined();
    },
    openQueue: async (perCaller, isWorker) => {
      const file = new StorageFolder(await mkdtemp(join(folder, 'queue-')));
      const own = new DatabaseThread(file.database, () => {});
      await own.open();
      const [results, inputs] = [
        new FolderResultStore(file, 'results'),
        new FolderResultStore(file, 'inputs'),
      ];
      const jobs = new SqliteJobQueue({
        ...hostOf(manager, perCaller, isWorker),
        database: own,
        results,
        inputs,
      });
      jobs.start();
      const close = async () => {
        await jobs.close();
        await own.close();
      };
      return { jobs, close };
    },
  },
  {
    name: 'several machines: Redis and S3',
    results: () => new ObjectResultStore(objects, 'results/'),
    records: () => new ObjectJobRecords(objects, 'contracts'),
    begin: async () => {},
    openQueue: async (perCaller, isWorker) => {
      const { endpoint, bucket } = world.s3;
      const name = `contract-${randomUUID()}`;
      const s3 = { endpoint, bucket, prefix: `${name}/` };
      const settings = { redis: `redis://127.0.0.1:${world.redisPort}`, s3, name };
      const { jobs, close } = await openSharedParts(settings, hostOf(manager, perCaller, isWorker));
      jobs.start();
      return {
        jobs,
        close: async () => {
          await jobs.close();
          await close();
        },
      };
    },
  },
];

const image = { bytes: onePixelPng, mediaType: 'image/png', width: 1, height: 1 } as const;
const request = (delayMs = 0) => ({ prompt: 'a fixture', providerOptions: { steady: { delayMs } } });
const record = (caller: string, idempotencyKey?: string) => ({
  ...{ caller, idempotencyKey, priority: 0, webhook: undefined, fixed: undefined },
  ...{ request: JSON.stringify({ prompt: 'a fixture' }), now: Date.now(), limit: 10 },
});
const failure = { error: { code: 'ERR_PLUGIN_FAILED', message: 'it failed', hint: '' } } as const;

describe.each(kinds)('$name', (kind) => {
  it('keeps a result under the hash of its bytes, with what is known of it, until it is removed', async () => {
    const results = kind.results();
    const [{ name }, again] = [await results.put(image, { seed: 7 }), await results.put(image, { seed: 7 })];
    expect(again.name).toBe(name);
    expect(name).toMatch(/^[0-9a-f]{64}\.png$/);
    expect(Buffer.from((await results.read(name)) ?? [])).toEqual(Buffer.from(onePixelPng));
    expect(await results.about(name)).toMatchObject({ name, mediaType: 'image/png', seed: 7 });
    expect(await results.readThumbnail(name)).toBeUndefined();
    await results.keepThumbnail(name, onePixelPng);
    expect(await results.readThumbnail(name)).toBeDefined();
    await results.remove(name);
    for (const gone of [await results.read(name), await results.about(name)]) expect(gone).toBeUndefined();
    expect(await results.read('../secrets.json')).toBeUndefined();
  });

  it('accepts one job under a key of a caller, also when asked at the same time', async () => {
    const records = kind.records();
    const caller = randomUUID();
    const asked = await Promise.all(Array.from({ length: 5 }, () => records.create(record(caller, 'once'))));
    expect(new Set(asked.map((accepted) => accepted?.job.id)).size).toBe(1);
    expect(asked.filter((accepted) => accepted?.isNew)).toHaveLength(1);
    const other = await records.create(record(randomUUID(), 'once'));
    expect(other?.job.id).not.toBe(asked[0]?.job.id);
    for (const accepted of [asked[0], other]) await records.cancel(accepted?.job.id ?? '', 's', Date.now());
  });

  it('ends a job once, whoever ends it', async () => {
    const records = kind.records();
    const { job } = (await records.create(record(randomUUID()))) ?? {};
    const id = job?.id ?? '';
    const owner = randomUUID();
    await kind.begin(owner);
    expect(await records.noteAsked(id, owner, { plugin: 'steady', model: 'steady-one' })).toBe(true);
    const ends = await Promise.all([
      records.cancel(id, 'a server', Date.now()),
      records.end(id, owner, failure, Date.now()),
      records.cancel(id, 'another server', Date.now()),
    ]);
    const [ended, ...others] = ends.filter((end) => end !== undefined);
    expect(others).toEqual([]);
    expect(await records.get(id)).toMatchObject({ id, state: ended?.state });
    expect(await records.noteAsked(id, owner, { plugin: 'steady', model: 'steady-one' })).toBe(false);
  });

  it('lists the newest jobs of a caller first, page by page', async () => {
    const records = kind.records();
    const caller = randomUUID();
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) {
      const accepted = await records.create({ ...record(caller), now: Date.now() + number });
      ids.unshift(accepted?.job.id ?? '');
    }
    const page = await records.list(caller, 3, undefined);
    expect(page.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect((await records.list(caller, 3, ids[2])).map(({ id }) => id)).toEqual(ids.slice(3));
    for (const id of ids) await records.cancel(id, 's', Date.now());
  });

  it('has a job done, and tells how far it is until it has ended', async () => {
    const { jobs, close } = await kind.openQueue(10, true);
    const heard: JobEvent[] = [];
    jobs.events.listenToAll((event) => heard.push(event));
    const accepted = await jobs.submit({ caller: 'one', request: request(600), priority: 0 });
    const ended = await jobs.events.ended(accepted?.job.id ?? '', new AbortController().signal);
    expect(ended).toMatchObject({ state: 'succeeded', result: { images: [{ mediaType: 'image/png' }] } });
    expect(heard.map(({ type }) => type)).toContain('progress');
    await expect.poll(async () => (await jobs.pace()).lastMs.length).toBe(1);
    expect(await jobs.pace()).toMatchObject({ queued: 0, places: 2 });
    await close();
  });

  it('takes another request under a key for another one, and refuses more than a caller may have', async () => {
    const { jobs, close } = await kind.openQueue(1, false);
    const job = { caller: 'one', request: request(), priority: 0, idempotencyKey: 'once' };
    expect(await jobs.submit(job)).toMatchObject({ isNew: true, isSame: true });
    expect(await jobs.submit(job)).toMatchObject({ isNew: false, isSame: true });
    expect(await jobs.submit({ ...job, request: { prompt: 'other' } })).toMatchObject({ isSame: false });
    expect(await jobs.submit({ ...job, idempotencyKey: undefined })).toBeUndefined();
    expect(await jobs.submit({ ...job, caller: 'another' })).toMatchObject({ isNew: true });
    expect(await jobs.pace()).toMatchObject({ queued: 2, running: 0, places: 0, lastMs: [] });
    await close();
  });

  it('begins no job late, and pays for none: it ends with ERR_DEADLINE, by a worker or where there is none', async () => {
    const { jobs, close } = await kind.openQueue(10, true);
    const submit = async (delayMs: number, startWithinMs?: number) => {
      const job = { caller: 'one', request: request(delayMs), priority: 0, startWithinMs };
      return (await jobs.submit(job))?.job.id ?? '';
    };
    const begun = [await submit(2_500, 60_000), await submit(2_500, 60_000)];
    for (const id of begun) await expect.poll(async () => (await jobs.get(id))?.state).toBe('running');
    const ended: string[] = [];
    jobs.onEnd(({ id }) => ended.push(id));
    const [late, inTime] = [await submit(0, 700), await submit(0, 60_000)];
    expect((await jobs.get(late))?.startBefore).toBeGreaterThan(0);
    const end = async (id: string) => await jobs.events.ended(id, new AbortController().signal);
    expect(await end(late)).toMatchObject({ state: 'failed', error: { code: 'ERR_DEADLINE' } });
    expect((await jobs.get(late))?.startedAt).toBeUndefined();
    expect(ended[0]).toBe(late);
    for (const id of [...begun, inTime]) expect((await end(id))?.state).toBe('succeeded');
    await close();
    const alone = await kind.openQueue(10, false);
    const waiting = await alone.jobs.submit({
      ...{ caller: 'one', request: request(), priority: 0, startWithinMs: 300 },
    });
    const state = async () => (await alone.jobs.get(waiting?.job.id ?? ''))?.error?.code;
    await expect.poll(state, { timeout: 10_000 }).toBe('ERR_DEADLINE');
    await alone.close();
  });

  it('cancels a job that waits and one that is worked on, each once', async () => {
    const { jobs, close } = await kind.openQueue(10, true);
    const submit = async () =>
      (await jobs.submit({ caller: 'one', request: request(20_000), priority: 0 }))?.job.id ?? '';
    const ids = [await submit(), await submit(), await submit(), await submit(), await submit()];
    const state = async (id = '') => (await jobs.get(id))?.state;
    await expect.poll(() => state(ids[0])).toBe('running');
    expect(await state(ids[4])).toBe('queued');
    for (const id of ids) expect((await jobs.cancel(id))?.state).toBe('cancelled');
    for (const id of ids) expect(await jobs.cancel(id)).toBeUndefined();
    const last = (await jobs.submit({ caller: 'one', request: request(), priority: 0 }))?.job.id ?? '';
    await expect.poll(() => state(last)).toBe('succeeded');
    await close();
  });
});

it('lets one storage folder ask what is paid, also where another worker is late to know', async () => {
  const [first, late] = [new ObjectJobRecords(objects, 'one'), new ObjectJobRecords(objects, 'another')];
  const { job } = await first.create(record(randomUUID()));
  const asked = { plugin: 'paid', model: 'paid-one', isPaid: true };
  const answers = await Promise.all([first, late].map((one) => one.noteAsked(job.id, 'a try', asked)));
  expect(answers.filter((mayAsk) => mayAsk)).toHaveLength(1);
  const [may, mayNot] = answers[0] ? [first, late] : [late, first];
  const next = { ...asked, model: 'paid-two' };
  expect(await may.noteAsked(job.id, 'the next try', next)).toBe(true);
  expect(await mayNot.noteAsked(job.id, 'the next try', asked)).toBe(false);
  expect((await mayNot.toDo(job.id))?.asked?.asked).toEqual(next);
  await first.cancel(job.id, 's', Date.now());
});
