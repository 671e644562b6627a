import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from './easel.js';

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const jsonOf = async (folder: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  JSON.parse((await easel(folder, [...words, '--json'], '', environment)).stdout);

async function submit({ url }: ServeCommand, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/images/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { id: string }).id;
}

describe('commands that ask the server that runs', () => {
  it('tell what it knows, and not what a kernel of their own would', async () => {
    const folder = await createServeFolder();
    const server = await serveFrom(folder);
    await fetch(`${server.url}/api/admin/plugins/chaos/disable`, { method: 'POST' });
    const status = await easel(folder, ['status']);
    expect(status.stdout).toMatch(
      new RegExp(`^server +${server.url}, Easel 0\\.\\d.*process ${server.child.pid}`),
    );
    expect(status.stdout).toMatch(/^jobs +0 queued; 0 running$/m);
    expect(status.stdout).toMatch(/^chaos +1\.0\.0 +disabled +0 \+ 0$/m);
    const health = await jsonOf(folder, ['health', 'chaos']);
    expect(health.plugins).toMatchObject([{ id: 'chaos', state: 'disabled' }]);
    expect((await easel(folder, ['plugins'])).stdout).toMatch(/^chaos .*disabled/m);
    expect((await easel(folder, ['plugins', 'list'])).stdout).toMatch(/^chaos .*disabled/m);
    const explained = await easel(folder, ['explain', 'steady-one', '--fallback', 'none']);
    expect(explained.stdout).toMatch(/^1 +steady +steady-one/m);
    const refused = await jsonOf(folder, ['explain', 'nobody-one']);
    expect(refused.error).toMatchObject({
      code: 'ERR_MODEL_UNKNOWN',
      message: expect.stringContaining('nobody-one'),
    });
    const unknown = await easel(folder, ['health', 'nobody']);
    expect([unknown.status, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(/no plugin "nobody"; there are: /),
    ]);
  });

  it('list, show and cancel its jobs', async () => {
    const folder = await createServeFolder();
    const server = await serveFrom(folder);
    const slow = { prompt: 'x', provider_options: { steady: { delayMs: 60_000 } } };
    const [first, second] = [await submit(server, { prompt: 'x' }), await submit(server, slow)];
    await expect.poll(async () => (await jsonOf(folder, ['jobs', first])).state).toBe('succeeded');
    const { stdout } = await easel(folder, ['jobs']);
    expect(stdout).toMatch(new RegExp(`^${second} +running[\\s\\S]*^${first} +succeeded .*1 image$`, 'm'));
    expect((await jsonOf(folder, ['jobs', 'list', '--limit', '1'])).jobs).toMatchObject([{ id: second }]);
    expect((await jsonOf(folder, ['status'])).jobs).toMatchObject([
      { count: 0 },
      { state: 'running', count: 1 },
    ]);
    expect((await easel(folder, ['jobs', 'cancel', second])).stdout).toBe(`${second} is cancelled.\n`);
    const missing = await easel(folder, ['jobs', 'nothing']);
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringMatching(/There is no job "nothing"/)]);
  });

  it('need no key on the same machine, and show that of EASEL_API_KEY elsewhere', async () => {
    const folder = await createServeFolder();
    const EASEL_API_KEY = 'operators-own-key-0123456789';
    const { url } = await serveFrom(folder, { environment: { EASEL_API_KEY, EASEL_HOST: '0.0.0.0' } });
    const [local] = url.replace('0.0.0.0', '127.0.0.1').split(' ');
    expect((await jsonOf(folder, ['status'])).storage_folder).toBe(join(folder, 'kept'));
    const elsewhere = await createServeFolder();
    const without = await easel(elsewhere, ['status', '--url', `${local}/`], '', { EASEL_API_KEY: '' });
    expect(without.status).toBe(1);
    expect(without.stderr).toMatch(/asks for an API key[\s\S]*Set EASEL_API_KEY/);
    const named = await jsonOf(elsewhere, ['status'], { EASEL_API_KEY, EASEL_URL: local });
    expect(named).toMatchObject({ url: local, storage_folder: 'the storage folder' });
  });

  it('say so where none runs, and ask a kernel of their own only where they are told to', async () => {
    const folder = await createServeFolder();
    for (const words of [['status'], ['jobs'], ['health'], ['plugins'], ['explain', 'steady-one']]) {
      const { status, stdout, stderr } = await easel(folder, words);
      expect([status, stdout], words[0]).toEqual([1, '']);
      expect(stderr).toMatch(/ERR_NO_SERVER: No server runs .*kept\.\n.*easel serve.*--url/);
    }
    expect((await easel(folder, ['plugins'])).stderr).toContain('--own-kernel');
    expect((await easel(folder, ['plugins', '--own-kernel'])).stdout).toMatch(/^steady /m);
    const nowhere = await easel(folder, ['health', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect(nowhere.stderr).toMatch(
      /ERR_NO_SERVER: The server http:\/\/127\.0\.0\.1:\d+ does not answer \(connect ECONNREFUSED /,
    );
    expect((await easel(folder, ['health', '--url', 'localhost'])).status).toBe(2);
  });

  it('pass over what a killed server has left, and find the newest of several', async () => {
    const folder = await createServeFolder();
    const killed = await serveFrom(folder);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    const records = () => readdirSync(join(folder, 'kept/servers'));
    const [left = ''] = records();
    expect((await easel(folder, ['status'])).stderr).toMatch(/No server runs/);
    // As a server in another container that shares the folder leaves it.
    const file = join(folder, 'kept/servers', left);
    expect(statSync(file).mode & 0o077).toBe(0);
    const foreign = { ...JSON.parse(readFileSync(file, 'utf8')), machine: 'another', pid: 1 };
    mkdirSync(join(folder, 'kept/servers'), { recursive: true });
    writeFileSync(join(folder, 'kept/servers/foreign.json'), JSON.stringify(foreign));
    const older = await serveFrom(folder);
    const newer = await serveFrom(folder);
    expect((await jsonOf(folder, ['status'])).url).toBe(newer.url);
    newer.child.kill('SIGTERM');
    await once(newer.child, 'exit');
    expect((await jsonOf(folder, ['status'])).url).toBe(older.url);
    expect(records()).toHaveLength(2);
  });
});
