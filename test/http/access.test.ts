import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { easel, workingFolder } from '../cli/easel.js';
import { bearer, createKey, jsonOf, startServer } from './server.js';

const prompt = 'a fixture';

describe('a server with keys', () => {
  it('lets in whoever shows one, and nobody else, from the moment there is one', async () => {
    const server = await startServer();
    expect((await server.get('/v1/models')).status).toBe(200);
    const key = await createKey(server.storageFolder);
    const refused = await server.get('/v1/models');
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({
      error: { type: 'authentication_error', code: 'invalid_api_key' },
    });
    for (const wrong of ['nonsense', `${key.slice(0, -1)}x`, key.replace('easel_', 'easel-')])
      expect((await server.get('/v1/models', bearer(wrong))).status).toBe(401);
    expect((await server.get('/v1/models', bearer(key))).status).toBe(200);
    expect((await server.get('/v1/models', { 'x-api-key': key })).status).toBe(200);
    const basic = Buffer.from(`anybody:${key}`).toString('base64');
    expect((await server.get('/v1/models', { authorization: `Basic ${basic}` })).status).toBe(200);
    expect((await server.get('/healthz')).status).toBe(200);

    await new KeyStore(server.storageFolder).create({ name: 'another', scopes: ['read'] });
    await new KeyStore(server.storageFolder).revoke(key.slice('easel_'.length, 'easel_'.length + 8));
    expect((await server.get('/v1/models', bearer(key))).status).toBe(401);
  });

  it('keeps only what a key is recognised by, for its owner alone', async () => {
    const { storageFolder } = await startServer();
    const key = await createKey(storageFolder);
    const file = join(storageFolder, 'keys.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(15));
  });

  it('holds a key to its scopes', async () => {
    const server = await startServer();
    const [reader, maker, admin] = [
      await createKey(server.storageFolder, { scopes: ['read'] }),
      await createKey(server.storageFolder, { scopes: ['generate'] }),
      await createKey(server.storageFolder, { scopes: ['admin'] }),
    ];
    const statuses = async (key: string) => [
      (await server.get('/v1/models', bearer(key))).status,
      (await server.post('/v1/images/generations', { prompt }, bearer(key))).status,
      (await server.get('/api/admin/plugins', bearer(key))).status,
      (await server.post('/api/images/models/current', { model: 'chaos-one' }, bearer(key))).status,
    ];
    expect(await statuses(reader)).toEqual([200, 403, 403, 403]);
    expect(await statuses(maker)).toEqual([403, 200, 403, 403]);
    expect(await statuses(admin)).toEqual([200, 200, 200, 200]);
  });

  it('asks for the same scope, and refuses the same models, at every door that switches the model', async () => {
    const server = await startServer({ plugins: { chaos: { enabled: false } } });
    const [user, admin] = [
      await createKey(server.storageFolder),
      await createKey(server.storageFolder, { scopes: ['admin'] }),
    ];
    const doors = [
      ['/api/images/models/current', 'model'],
      ['/sdapi/v1/options', 'sd_model_checkpoint'],
    ] as const;
    for (const [path, field] of doors) {
      const switchTo = async (model: string, key: string) =>
        (await server.post(path, { [field]: model }, bearer(key))).status;
      expect(await switchTo('steady-one', user), path).toBe(403);
      expect(await switchTo('steady-one', admin), path).toBe(200);
      expect(await switchTo('nobody', admin), path).toBe(404);
      // Its plugin is disabled: calls without a model would fail from now on.
      expect(await switchTo('chaos-one', admin), path).toBe(404);
    }
    expect(server.manager.currentModel).toBe('steady-one');
  });

  it('lets a key that may read read the lists of every API', async () => {
    const server = await startServer();
    const reader = await createKey(server.storageFolder, { scopes: ['read'] });
    for (const path of [
      '/api/images/models',
      '/v1/models',
      '/sdapi/v1/sd-models',
      '/sdapi/v1/options',
      '/sdapi/v1/progress',
    ])
      expect((await server.get(path, bearer(reader))).status, path).toBe(200);
  });

  it('answers URLs of pictures that open without a key, as they are and not as somebody changes them', async () => {
    const server = await startServer();
    const key = await createKey(server.storageFolder);
    const body = { prompt, response_format: 'url' };
    const response = await server.post('/v1/images/generations', body, bearer(key));
    const { data } = await jsonOf<{ data: [{ url: string }] }>(response);
    const [{ url }] = data;
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.split('?')[0] ?? '')).status).toBe(401);
    expect((await fetch(url.replace(/expires=\d/, 'expires=9'))).status).toBe(401);
    expect((await fetch(url.replace('/results/', '/results/../models?x=/'))).status).toBe(401);
    // A signature is of one path, in whatever way it is spelled, and opens nothing else.
    expect((await fetch(url.replace('/results/', '/r%65sults/'))).status).toBe(200);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    const elsewhere = [
      '/api/images/models',
      '/api/images/results/x.png',
      `${new URL(url).pathname}/metadata`,
    ];
    for (const path of elsewhere)
      expect((await server.get(`${path}${new URL(url).search}`)).status, path).toBe(401);
    expect((await fetch(`${url}&signature=AAAA`)).status).toBe(401);
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
  });

  it('limits how often and how much at once', async () => {
    const server = await startServer();
    const often = await createKey(server.storageFolder, { perMinute: 2 });
    const statuses = [];
    for (let call = 0; call < 3; call++)
      statuses.push((await server.get('/v1/models', bearer(often))).status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await server.get('/v1/models', bearer(often));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });

    const one = await createKey(server.storageFolder, { concurrency: 1 });
    const slow = { prompt, provider_options: { steady: { delayMs: 300 } } };
    const [first, second] = await Promise.all([
      server.post('/v1/images/generations', slow, bearer(one)),
      server.post('/v1/images/generations', slow, bearer(one)),
    ]);
    expect([first.status, second.status].sort()).toEqual([200, 429]);
    expect((await server.post('/v1/images/generations', { prompt }, bearer(one))).status).toBe(200);
  });
});

describe('easel keys', () => {
  it('makes, lists and revokes keys', async () => {
    const folder = workingFolder({ storageFolder: 'kept' });
    const { stdout } = await easel(folder, ['keys', 'create', 'the web site', '--per-minute', '60']);
    expect(stdout).toMatch(/^easel_[0-9a-f]{8}_[\w-]{43}\n$/);
    const listed = JSON.parse((await easel(folder, ['keys', 'list', '--json'])).stdout);
    expect(listed.keys).toMatchObject([
      { name: 'the web site', scopes: ['generate', 'read'], perMinute: 60 },
    ]);
    expect(JSON.stringify(listed)).not.toContain('hash');
    expect((await easel(folder, ['keys', 'revoke', listed.keys[0].id])).status).toBe(0);
    expect((await easel(folder, ['keys', 'list'])).stdout).toMatch(/There are no keys/);
    expect((await easel(folder, ['keys', 'revoke', 'x'])).status).toBe(2);
    expect((await easel(folder, ['keys', 'create', 'x', '--scope', 'all'])).stderr).toMatch(/must be one of/);
  });

  it('are what a server beyond this machine asks for before it listens', async () => {
    const folder = workingFolder({ storageFolder: 'kept' });
    const refused = await easel(folder, ['serve', '--host', '0.0.0.0', '--port', '0']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/has no API keys[\s\S]*easel keys create/);
  });
});
