import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';
import { type JobAnswer, jobOf } from './shared-folder.js';
import { mountSmallDisk } from './small-disk.js';

const soon = { timeout: 60_000, interval: 100 };
const slow = (delayMs: number) => ({ prompt: 'a fixture', provider_options: { steady: { delayMs } } });

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly id?: string;
    readonly status?: string;
    readonly error?: { code: string; message: string; param: string | null };
    readonly jobs?: readonly JobAnswer[];
    readonly plugins?: readonly unknown[];
    /** Of the gallery. */
    readonly images?: readonly { job?: string | null }[];
  };
}

async function ask({ url }: ServeCommand, path: string, body?: object): Promise<Answer> {
  const response = await fetch(
    `${url}${path}`,
    body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

const submit = (server: ServeCommand, delayMs: number) => ask(server, '/api/images/jobs', slow(delayMs));
const readiness = async (server: ServeCommand) => (await ask(server, '/readyz')).status;
const stateOf = (server: ServeCommand, id: string) => async () => (await jobOf(server, id)).state;

/** The ids of the plugins that the server has copied into its storage, without one that it still copies. */
async function copiedIn(folder: string): Promise<string[]> {
  const copies = await readdir(join(folder, 'generations'));
  return copies.filter((name) => !name.endsWith('.new')).map((name) => name.split('@')[0] ?? '');
}

/**
 * A server whose storage is a disk of 16 MiB, once it has copied all plugins: a copy that finds no more room
 * is removed, and what is asked then finds room.
 */
async function serveFromSmallDisk() {
  const disk = mountSmallDisk(16);
  const server = await serveFrom(await createServeFolder({ storageFolder: disk.folder }));
  const { plugins } = (await ask(server, '/api/admin/plugins')).body;
  await expect.poll(() => copiedIn(disk.folder), soon).toHaveLength(plugins?.length ?? Number.NaN);
  return { disk, server };
}

/** Asks for /healthz all the time; answers how long the slowest answer took, in milliseconds. */
function watchHealth(server: ServeCommand): () => Promise<number> {
  let slowest = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const askedAt = performance.now();
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - askedAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return slowest;
  };
}

describe('a full disk', () => {
  it('makes jobs fail or wait, lets readers go on, and is over when there is room', async () => {
    const { disk, server } = await serveFromSmallDisk();
    const before = (await submit(server, 0)).body.id ?? '';
    await expect.poll(stateOf(server, before), soon).toBe('succeeded');
    expect(await readiness(server)).toBe(200);
    const accepted = (await submit(server, 1_000)).body.id ?? '';
    await expect.poll(stateOf(server, accepted), soon).toBe('running');

    disk.fill();
    // Again and again: what the server removes meanwhile makes room.
    const filling = setInterval(() => disk.fill(), 100);
    onTestFinished(() => clearInterval(filling));
    const slowest = watchHealth(server);
    let refused = await submit(server, 0);
    let taken = 2;
    for (; refused.status === 202; taken++) refused = await submit(server, 0);
    expect(refused.status).toBe(507);
    expect(refused.body.error).toMatchObject({ code: 'ERR_STORAGE', param: null });
    expect(refused.body.error?.message).toMatch(/jobs\.db cannot be written: the disk is full/);
    const plan = await ask(server, '/api/images/generate', slow(0));
    expect(plan.status).toBe(507);
    expect(plan.body.error).toMatchObject({ code: 'ERR_STORAGE', param: null });
    const direct = await ask(server, '/v1/images/generations', slow(0));
    expect(direct.status).toBe(200);
    await expect.poll(() => readiness(server), soon).toBe(503);
    expect((await ask(server, '/readyz')).body.status).toMatch(/full|ENOSPC/);
    expect((await ask(server, '/api/images/jobs')).body.jobs).toHaveLength(taken);
    // Its image is made meanwhile, and cannot be written.
    const madeAt = performance.now();
    await expect.poll(() => performance.now() - madeAt, soon).toBeGreaterThan(2_000);
    expect(await stateOf(server, accepted)()).toBe('running');
    expect(await slowest()).toBeLessThan(5_000);

    clearInterval(filling);
    disk.empty();
    await expect.poll(stateOf(server, accepted), soon).toBe('succeeded');
    const { result } = await jobOf(server, accepted);
    expect((await fetch(result?.images[0]?.url ?? '')).status).toBe(200);
    await expect.poll(() => readiness(server), soon).toBe(200);
    expect((await submit(server, 0)).status).toBe(202);
    expect(server.child.exitCode).toBeNull();
  }, 180_000);

  it('tells whoever waits for a job that is kept, and gives it the same one later', async () => {
    const { disk, server } = await serveFromSmallDisk();
    // What is written when a plugin starts, and removed again, is over.
    expect((await ask(server, '/api/images/generate', slow(0))).status).toBe(200);
    const call = async () => {
      const response = await fetch(`${server.url}/v1/images/generations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
        body: JSON.stringify(slow(6_000)),
      });
      return { status: response.status, job: response.headers.get('easel-job') };
    };
    const first = call();
    await expect
      .poll(async () => (await ask(server, '/api/images/jobs')).body.jobs?.map(({ state }) => state), soon)
      .toEqual(['running']);
    // Again and again: what the server removes meanwhile makes room.
    const filling = setInterval(() => disk.fill(), 100);
    const told = await first.finally(() => clearInterval(filling));
    expect(told.status).toBe(507);
    disk.empty();
    expect(await call()).toEqual({ status: 200, job: told.job });
  }, 180_000);
});

describe('a database that another process holds', () => {
  it('for 10 s keeps jobs waiting, and nobody else', async () => {
    const folder = await createServeFolder();
    const server = await serveFrom(folder);
    const accepted = (await submit(server, 1_000)).body.id ?? '';
    await expect.poll(stateOf(server, accepted), soon).toBe('running');
    const other = new Database(join(folder, 'kept', 'jobs.db'));
    onTestFinished(() => void other.close());
    other.exec('PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE;');
    const lockedAt = performance.now();
    const slowest = watchHealth(server);
    const refused = await submit(server, 0);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.body.error).toMatchObject({ code: 'ERR_STORAGE' });
    expect(refused.body.error?.message).toMatch(/jobs\.db is locked by another process/);
    expect((await ask(server, '/readyz')).body.status).toMatch(/locked|not answered/);
    expect((await ask(server, '/api/images/jobs')).body.jobs).toHaveLength(1);
    expect((await ask(server, '/v1/images/generations', slow(0))).status).toBe(200);
    // An image that nobody has yet: what is in it tells its prompt.
    const direct = await ask(server, '/api/images/generate', { ...slow(0), prompt: 'made meanwhile' });
    expect(direct.status).toBe(200);
    const listed = async () =>
      (await ask(server, '/api/images/gallery')).body.images?.filter(({ job }) => job === null).length;
    expect(await listed()).toBe(0);
    await expect.poll(() => performance.now() - lockedAt, soon).toBeGreaterThan(10_000);
    expect(await stateOf(server, accepted)()).toBe('running');
    other.exec('COMMIT');
    await expect.poll(stateOf(server, accepted), soon).toBe('succeeded');
    await expect.poll(listed, soon).toBe(1);
    await expect.poll(() => readiness(server), soon).toBe(200);
    await expect.poll(async () => (await submit(server, 0)).status, soon).toBe(202);
    expect(await slowest()).toBeLessThan(5_000);
    expect(server.child.exitCode).toBeNull();
  }, 180_000);
});
