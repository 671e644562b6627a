import { expect, it } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { createKey, jsonOf, startServer, type TestServer } from './server.js';

interface Session {
  readonly required: boolean;
  readonly key: { readonly name: string; readonly scopes: readonly string[] } | null;
  readonly token?: string;
}

/** Signs in as a page does; answers the cookie and the token. */
async function signIn(server: TestServer, key: string) {
  const response = await server.post('/api/session', { key }, { origin: server.url });
  const cookie = response.headers.get('set-cookie') ?? '';
  const { token = '', key: whose } = await jsonOf<Session>(response);
  return { status: response.status, cookie, token, whose, headers: { cookie: cookie.split(';')[0] ?? '' } };
}

it('says that no key is asked for, where there are none', async () => {
  const server = await startServer();
  expect(await jsonOf(await server.get('/api/session'))).toEqual({ required: false, key: null });
});

it('opens what the key opens, until it is revoked; scripts and other sites have no part in it', async () => {
  const server = await startServer();
  const { key, text } = await new KeyStore(server.storageFolder).create({
    name: 'ann',
    scopes: ['generate', 'read'],
  });
  expect((await signIn(server, 'easel_nothing')).status).toBe(401);
  const { status, cookie, token, whose, headers } = await signIn(server, text);
  expect([status, whose]).toEqual([200, { name: 'ann', scopes: ['generate', 'read'] }]);
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(text.slice(-20));
  const own = { ...headers, origin: server.url };
  expect(await jsonOf(await server.get('/api/session', own))).toMatchObject({ required: true, token });

  expect((await server.get('/api/images/jobs', headers)).status).toBe(200);
  expect((await server.get('/api/admin/plugins', headers)).status).toBe(403);
  const job = { prompt: 'a fixture' };
  expect((await server.post('/api/images/jobs', job, own)).status).toBe(403);
  expect((await server.post('/api/images/jobs', job, { ...own, 'x-easel-token': 'x' })).status).toBe(403);
  expect((await server.post('/api/images/jobs', job, { ...own, 'x-easel-token': token })).status).toBe(202);
  const evil = { ...headers, origin: 'https://evil.example' };
  expect((await server.post('/api/images/jobs', job, { ...evil, 'x-easel-token': token })).status).toBe(403);
  expect((await server.get('/api/session', evil)).status).toBe(403);

  const forged = (headers.cookie ?? '').replace(key.id, '00000000');
  expect((await server.get('/api/images/jobs', { cookie: forged })).status).toBe(401);
  await createKey(server.storageFolder);
  await new KeyStore(server.storageFolder).revoke(key.id);
  await expect.poll(async () => (await server.get('/api/images/jobs', headers)).status).toBe(401);
});
