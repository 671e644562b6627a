import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';
import { all, endServer, type JobAnswer, jobOf, statesOf } from './shared-folder.js';

const soon = { interval: 100 };
const delayed = (delayMs: number) => ({ prompt: 'a fixture', provider_options: { steady: { delayMs } } });

async function post({ url }: ServeCommand, path: string, delayMs: number, headers = {}) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(delayed(delayMs)),
  });
  const body = (await response.json()) as { id: string; error?: { code: string; message: string } };
  return { status: response.status, body, job: response.headers.get('easel-job') };
}

async function submit(server: ServeCommand, delayMs: number): Promise<string> {
  const { status, body } = await post(server, '/api/images/jobs', delayMs);
  expect(status).toBe(202);
  return body.id;
}

/** `/readyz`: its status and what it says. */
async function readiness({ url }: ServeCommand): Promise<string> {
  const response = await fetch(`${url}/readyz`);
  return `${response.status} ${((await response.json()) as { status: string }).status}`;
}

/** A server that has done a job, works on another, and has one waiting. */
async function startBusy() {
  const folder = await createServeFolder({ server: { jobsAtOnce: 1 } });
  const server = await serveFrom(folder);
  // The copies that are made of plugins once a server has started are there.
  const { plugins } = (await (await fetch(`${server.url}/api/health/images`)).json()) as {
    plugins: unknown[];
  };
  const copies = () => readdir(join(folder, 'kept', 'generations')).catch(() => []);
  await expect.poll(async () => (await copies()).length, soon).toBe(plugins.length);
  await expect.poll(async () => (await copies()).filter((name) => name.endsWith('.new')), soon).toEqual([]);
  const done = await submit(server, 0);
  await expect.poll(() => statesOf(server, [done]), soon).toEqual(['succeeded']);
  const running = await submit(server, 3_000);
  const waiting = await submit(server, 0);
  await expect.poll(() => statesOf(server, [running]), soon).toEqual(['running']);
  return { folder, server, kept: join(folder, 'kept'), ids: [done, running, waiting] };
}

const imageStatus = async (server: ServeCommand, id: string) =>
  (await fetch((await jobOf(server, id)).result?.images[0]?.url ?? '')).status;

async function listed({ url }: ServeCommand): Promise<string[]> {
  const { jobs } = (await (await fetch(`${url}/api/images/jobs`)).json()) as { jobs: JobAnswer[] };
  return jobs.map(({ id }) => id).sort();
}

/** All jobs are done by this server and known to the next one. */
async function expectKept(folder: string, server: ServeCommand, ids: readonly string[]): Promise<void> {
  await expect.poll(() => statesOf(server, ids), soon).toEqual(all('succeeded', ids));
  expect(server.child.exitCode).toBeNull();
  await endServer(server, 'SIGKILL');
  const next = await serveFrom(folder);
  expect(await statesOf(next, ids)).toEqual(all('succeeded', ids));
  expect(await listed(next)).toEqual([...ids].sort());
}

describe('a storage folder that vanishes while the server runs', () => {
  it('and is put back: nothing is accepted meanwhile, nothing is made in its place, and all is done after', async () => {
    const { folder, server, kept, ids } = await startBusy();
    await rename(kept, join(folder, 'away'));
    const refused = await post(server, '/api/images/jobs', 0);
    expect(refused.status).toBe(507);
    expect(refused.body.error).toMatchObject({ code: 'ERR_STORAGE' });
    expect(refused.body.error?.message).toMatch(/jobs\.db is gone/);
    expect(await readiness(server)).toMatch(/^503 .*is gone/);
    const stored = await post(server, '/api/images/generate', 0);
    expect(stored.status).toBe(507);
    expect(stored.body.error?.message).toMatch(/is gone/);
    expect((await post(server, '/v1/images/generations', 0)).status).toBe(200);
    // Its image is made meanwhile.
    const movedAt = performance.now();
    await expect.poll(() => performance.now() - movedAt, soon).toBeGreaterThan(4_000);
    expect(await readiness(server)).toMatch(/^503 /);
    expect(existsSync(kept)).toBe(false);
    await rename(join(folder, 'away'), kept);
    await expect.poll(() => readiness(server), soon).toBe('200 ok');
    const after = await submit(server, 0);
    await expect
      .poll(() => statesOf(server, [...ids, after]), soon)
      .toEqual(all('succeeded', [...ids, after]));
    for (const id of [...ids, after]) expect(await imageStatus(server, id)).toBe(200);
    await expectKept(folder, server, [...ids, after]);
  });

  it('and is removed: it is told, and what was accepted is written again and done', async () => {
    const { folder, server, kept, ids } = await startBusy();
    await rm(kept, { recursive: true, maxRetries: 10 });
    expect((await post(server, '/api/images/jobs', 0)).status).toBe(507);
    expect(await readiness(server)).toMatch(/^503 .*is gone/);
    await expect.poll(() => readiness(server), soon).toBe('200 ok');
    const after = await submit(server, 0);
    await expectKept(folder, server, [...ids, after]);
  });
});

describe('a jobs.db', () => {
  it('that is removed, but for what SQLite lays beside it, is written again', async () => {
    const { folder, server, kept, ids } = await startBusy();
    expect(await readdir(kept)).toContain('jobs.db-wal');
    await rm(join(kept, 'jobs.db'));
    expect((await post(server, '/api/images/jobs', 0)).status).toBe(507);
    await expect.poll(() => readiness(server), soon).toBe('200 ok');
    await expectKept(folder, server, ids);
  });

  it('that is replaced by an older copy is used, and what it lacks is not lost', async () => {
    const folder = await createServeFolder({ server: { jobsAtOnce: 1 } });
    const server = await serveFrom(folder);
    const [file, copy] = [join(folder, 'kept', 'jobs.db'), join(folder, 'copy.db')];
    const early = await submit(server, 0);
    await expect.poll(() => statesOf(server, [early]), soon).toEqual(['succeeded']);
    const running = await submit(server, 1_000);
    const database = new Database(file);
    database.prepare('VACUUM INTO ?').run(copy);
    database.close();
    await expect.poll(() => statesOf(server, [running]), soon).toEqual(['succeeded']);
    const late = await submit(server, 2_000);
    await rename(copy, file);
    const after = await submit(server, 0);
    await expectKept(folder, server, [early, running, late, after]);
  });
});

it('a results folder that is removed is told of, and made again', async () => {
  const { folder, server, kept, ids } = await startBusy();
  const key = { 'idempotency-key': 'one' };
  const first = await post(server, '/v1/images/generations', 0, key);
  expect(first.status).toBe(200);
  await rm(join(kept, 'results'), { recursive: true, maxRetries: 10 });
  const [done = ''] = ids;
  expect(await imageStatus(server, done)).toBe(404);
  const again = await post(server, '/v1/images/generations', 0, key);
  expect(again.status).toBe(410);
  expect(again.job).toBe(first.job);
  const after = await submit(server, 0);
  await expect.poll(() => statesOf(server, [after]), soon).toEqual(['succeeded']);
  expect(await imageStatus(server, after)).toBe(200);
  expect(await readiness(server)).toBe('200 ok');
  await endServer(server, 'SIGKILL');
  expect(existsSync(join(folder, 'kept', 'results'))).toBe(true);
});
