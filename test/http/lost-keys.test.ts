import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { easel, start, workingFolder } from '../cli/easel.js';
import { bearer, createKey, jsonOf, startServer, type TestServer } from './server.js';

/** How the file of the keys may go away. */
const losses: Readonly<Record<string, (storageFolder: string) => Promise<unknown>>> = {
  'is moved away': async (folder) => await rename(join(folder, 'keys.json'), join(folder, 'keys.old')),
  'is removed with all that lies beside it': async (folder) =>
    await rm(folder, { recursive: true, maxRetries: 10 }),
  'is cut off': async (folder) => await truncate(join(folder, 'keys.json'), 10),
  'is emptied': async (folder) => await truncate(join(folder, 'keys.json'), 0),
  'is something else': async (folder) => await writeFile(join(folder, 'keys.json'), '{"keys":[]}'),
  'has lost its last key': async (folder) => {
    const store = new KeyStore(folder);
    for (const { id } of store.keys) await store.revoke(id);
  },
};

const statusesOf = async (server: TestServer, headers: Record<string, string> = {}) => [
  (await server.get('/api/admin/plugins', headers)).status,
  (await server.post('/v1/images/generations', { prompt: 'x' }, headers)).status,
  (await server.get('/healthz')).status,
];

describe('a server that has asked for a key', () => {
  it.each(Object.entries(losses))('asks for one when the file %s', async (_how, lose) => {
    const server = await startServer();
    const key = await createKey(server.storageFolder, { scopes: ['admin'] });
    expect(await statusesOf(server, bearer(key))).toEqual([200, 200, 200]);
    await lose(server.storageFolder);
    for (const headers of [{}, bearer(key), bearer(`${key.slice(0, -1)}x`)])
      for (const status of (await statusesOf(server, headers)).slice(0, 2))
        expect([401, 503]).toContain(status);
    const refused = await server.get('/api/images/models');
    expect(await refused.text()).not.toContain(server.storageFolder);
    expect((await server.get('/healthz')).status).toBe(200);
  });

  it('lets in again whoever has a key when the file is back', async () => {
    const server = await startServer();
    const key = await createKey(server.storageFolder, { scopes: ['admin'] });
    expect((await server.get('/v1/models')).status).toBe(401);
    const [file, elsewhere] = ['keys.json', 'keys.old'].map((name) => join(server.storageFolder, name)) as [
      string,
      string,
    ];
    await rename(file, elsewhere);
    const refused = await server.get('/v1/models', bearer(key));
    expect([refused.status, await jsonOf(refused)]).toMatchObject([
      503,
      { error: { code: 'keys_unavailable' } },
    ]);
    await rename(elsewhere, file);
    expect(await statusesOf(server, bearer(key))).toEqual([200, 200, 200]);
  });

  it('asks for one although nobody had asked it before the file went away', async () => {
    const server = await startServer();
    await createKey(server.storageFolder);
    await rm(join(server.storageFolder, 'keys.json'));
    expect((await server.get('/v1/models')).status).toBe(503);
  });
});

describe('a server that starts', () => {
  it.each(Object.keys(losses).filter((how) => !/removed with|last key/.test(how)))(
    'asks for a key where the file %s',
    async (how) => {
      const before = await startServer();
      const { storageFolder } = before;
      await createKey(storageFolder);
      await before.close();
      await losses[how]?.(storageFolder);
      const after = await startServer({ storageFolder });
      expect(await statusesOf(after)).toEqual([503, 503, 200]);
    },
  );

  it('asks for none once the last key was revoked, and for one again from the next on', async () => {
    const before = await startServer();
    const { storageFolder } = before;
    await createKey(storageFolder);
    await losses['has lost its last key']?.(storageFolder);
    await before.close();
    const after = await startServer({ storageFolder });
    expect(await statusesOf(after)).toEqual([200, 200, 200]);
    await createKey(storageFolder);
    expect(await statusesOf(after)).toEqual([401, 401, 200]);
  });

  it('does not start beyond this machine without the keys that it had', async () => {
    const folder = workingFolder({ storageFolder: 'kept' });
    await easel(folder, ['keys', 'create', 'x']);
    await rename(join(folder, 'kept/keys.json'), join(folder, 'keys.old'));
    const refused = await easel(folder, ['serve', '--host', '0.0.0.0', '--port', '0']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/keys\.json: is missing[\s\S]*easel keys create/);
    // What the message says to do is what helps.
    await easel(folder, ['keys', 'create', 'another']);
    const running = start(folder, ['serve', '--host', '0.0.0.0', '--port', '0', '--json'], null);
    running.child.stdout.once('data', () => running.child.kill('SIGTERM'));
    expect((await running.ended).stdout).toContain('http://0.0.0.0');
  });
});
