import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@easel/core/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { bearer, createKey, jsonOf, send, startServer } from './server.js';

const evil = 'https://evil.example';
const json = { 'content-type': 'application/json' };
const crossSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };

/** Requests that a page may send without asking first, and one that it may read after DNS rebinding. */
const asked = [
  ['POST', '/api/admin/plugins/steady/disable', ''],
  ['POST', '/api/images/models/current', '{"model":"steady-one"}'],
  ['POST', '/v1/images/generations', '{"prompt":"x"}'],
  ['POST', '/sdapi/v1/txt2img', '{"prompt":"x"}'],
  ['POST', '/mcp', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'],
  ['DELETE', '/api/images/jobs/x', ''],
  ['GET', '/api/images/jobs', ''],
  ['GET', '/api/admin/configuration', ''],
  ['GET', '/api/admin/plugins/steady/logs', ''],
  ['GET', '/metrics', ''],
] as const;

/** Two in one, as Node sends them: JSON only where there is some. */
const headersOf = (body: string, more: object): Record<string, string> => ({
  ...(body === '' ? {} : { ...json, accept: 'application/json, text/event-stream' }),
  ...more,
});

describe('a server without keys', () => {
  it.each([
    ['a page of another origin', { origin: evil }],
    ['a page of another port of this machine', { origin: 'http://localhost:3000' }],
    ['a page that hides where it comes from', { origin: 'null' }],
    ['a page that loads it as an image, a script or a frame', crossSite],
    ['a name that leads here, and is not ours', { host: 'evil.example' }],
    ['a name that only looks like ours', { host: '127.0.0.1.evil.example' }],
    ['such a name with the port', { host: 'localhost.evil.example:8190' }],
    ['an address of the network', { host: '192.168.1.2:8190' }],
  ])('is not asked by %s', async (_who, more) => {
    const { url, manager } = await startServer();
    for (const [method, path, body] of asked) {
      const { status, text } = await send(`${url}${path}`, { method, body, headers: headersOf(body, more) });
      expect([status, text], `${method} ${path}`).toEqual([403, expect.stringMatching(/_not_allowed/)]);
    }
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'steady')?.state).not.toBe('disabled');
  });

  it('makes no image for a form of another page', async () => {
    const { url } = await startServer();
    const form = new FormData();
    form.set('prompt', 'x');
    form.set('image', new Blob([new Uint8Array(onePixelPng)], { type: 'image/png' }), 'x.png');
    const response = await fetch(`${url}/v1/images/edits`, {
      method: 'POST',
      body: form,
      headers: { origin: evil },
    });
    expect(response.status).toBe(403);
    expect(await jsonOf(response)).toMatchObject({ error: { code: 'origin_not_allowed' } });
  });

  it('is asked by its own pages, by programs, and by whoever follows a link to its public ones', async () => {
    const { url, get } = await startServer();
    const { host, origin } = new URL(url);
    const { port } = new URL(url);
    const own = [
      {},
      { origin },
      { origin, 'sec-fetch-site': 'same-origin' },
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
      { host: `LOCALHOST:${port}` },
      { host: `[::1]:${port}` },
      { host: 'easel.localhost' },
      { host: 'host.docker.internal:8190' },
    ];
    for (const headers of own)
      expect((await send(`${url}/v1/models`, { headers })).status, JSON.stringify(headers)).toBe(200);
    const linked = { ...crossSite, 'sec-fetch-mode': 'navigate', host };
    for (const path of ['/healthz', '/docs', '/openapi.json'])
      expect((await get(path, linked)).status, path).toBe(200);
  });

  it('shows its images in pages of others', async () => {
    const { url, post } = await startServer();
    const made = await jsonOf<{ image_url: string }>(await post('/api/images/generate', { prompt: 'x' }));
    expect((await send(made.image_url, { headers: crossSite })).status).toBe(200);
    expect((await send(`${made.image_url}/metadata`, { headers: crossSite })).status).toBe(403);
    const rebound = { headers: { host: 'evil.example' } };
    expect((await send(made.image_url, rebound)).status).toBe(403);
    expect((await send(`${url}/healthz`, rebound)).status).toBe(200);
  });

  it('is asked by the names and the pages that the configuration has', async () => {
    const server = {
      publicUrl: 'https://images.example/easel',
      hosts: ['box.lan'],
      corsOrigins: ['https://gallery.example'],
    };
    const { url } = await startServer({ server });
    const statusOf = async (headers: Record<string, string>) =>
      (
        await send(`${url}/v1/images/generations`, {
          method: 'POST',
          headers: headersOf('{}', headers),
          body: '{}',
        })
      ).status;
    for (const headers of [
      { host: 'images.example', origin: 'https://images.example' },
      { host: 'box.lan:8190' },
      { origin: 'https://gallery.example', ...crossSite },
      { origin: 'https://images.example' },
    ])
      expect(await statusOf(headers), JSON.stringify(headers)).toBe(400);
    for (const headers of [
      { host: 'other.lan' },
      { origin: 'https://other.example' },
      { origin: 'http://gallery.example' },
    ])
      expect(await statusOf(headers), JSON.stringify(headers)).toBe(403);
  });

  it('is asked by addresses where it is open beyond this machine, and by no foreign name', async () => {
    const { url } = await startServer({ server: { openWithoutKeys: true } });
    const statusOf = async (host: string) => (await send(`${url}/v1/models`, { headers: { host } })).status;
    expect(await statusOf('192.168.1.2:8190')).toBe(200);
    expect(await statusOf('[fd00::2]:8190')).toBe(200);
    expect(await statusOf('evil.example')).toBe(403);
  });

  it('lets all pages in where the configuration says so, at /mcp, too, which says so to the browser', async () => {
    const { url } = await startServer({ server: { corsOrigins: ['*'] } });
    const origin = 'http://localhost:6274';
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const { status, headers } = await send(`${url}/mcp`, {
      method: 'POST',
      body,
      headers: headersOf(body, { origin }),
    });
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['x-request-id']).toMatch(/[0-9a-f-]{36}/);
    const disable = { method: 'POST', headers: { origin, ...crossSite } };
    expect((await send(`${url}/api/admin/plugins/steady/disable`, disable)).status).toBe(403);
  });

  it('has a host app whose names and pages are its own', async () => {
    const { manager } = await startServer();
    const easel = await createServer({ manager, prefix: '/easel' });
    await easel.ready();
    const app = createHttpServer((request, response) => easel.routing(request, response));
    await once(app.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(async () => {
      await easel.close();
      app.closeAllConnections();
      app.close();
    });
    const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/easel/v1/models`;
    const own = { host: 'app.example', origin: 'https://app.example' };
    expect((await send(url, { headers: own })).status).toBe(200);
    expect((await send(url, { headers: { ...own, origin: evil } })).status).toBe(403);
  });
});

describe('a server with keys', () => {
  it('lets pages in that show one, and none by the password that the browser adds', async () => {
    const { url, storageFolder } = await startServer();
    const key = await createKey(storageFolder);
    const statusOf = async (authorization: string, more: object) =>
      (await send(`${url}/v1/models`, { headers: { authorization, ...more } })).status;
    const basic = `Basic ${Buffer.from(`user:${key}`).toString('base64')}`;
    expect(await statusOf(bearer(key).authorization, { origin: evil, host: 'any.example' })).toBe(200);
    expect(await statusOf(basic, {})).toBe(200);
    expect(await statusOf(basic, { origin: evil })).toBe(403);
    expect(await statusOf(basic, crossSite)).toBe(403);
  });

  it('says how to show one, and to scripts of pages nothing that would ask their reader for a password', async () => {
    const { get, storageFolder } = await startServer();
    await createKey(storageFolder);
    const challenge = async (headers: Record<string, string>) =>
      (await get('/sdapi/v1/options', headers)).headers.get('www-authenticate');
    expect(await challenge({})).toMatch(/^Bearer realm="Easel", Basic realm="Easel"/);
    expect(await challenge({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe(
      'Bearer realm="Easel"',
    );
  });
});

describe('a page of an origin that the configuration names', () => {
  const origin = 'https://gallery.example';

  it('may use the methods that there are', async () => {
    const { url, get } = await startServer({ server: { corsOrigins: [origin] } });
    type Paths = { paths: Record<string, Record<string, object>> };
    const { paths } = await jsonOf<Paths>(await get('/openapi.json'));
    const methods = new Set(Object.values(paths).flatMap((operations) => Object.keys(operations)));
    for (const method of methods) {
      const preflight = await send(`${url}/api/images/jobs/x`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': method.toUpperCase() },
      });
      expect(preflight.headers['access-control-allow-methods']?.split(', ')).toContain(method.toUpperCase());
    }
  });

  it('may read the headers that answers have', async () => {
    const { url, storageFolder, post } = await startServer({ server: { corsOrigins: [origin] } });
    const key = await createKey(storageFolder, { perMinute: 3 });
    const headers = { origin, ...bearer(key) };
    const responses = [
      await post('/api/images/jobs', { prompt: 'x' }, headers),
      await post('/v1/images/generations', { prompt: 'x', seed: 1 }, headers),
      await post('/v1/images/generations', { prompt: 'x' }, { ...headers, 'idempotency-key': 'a' }),
      await post('/v1/images/generations', { prompt: 'x' }, headers),
    ];
    expect(responses.map(({ status }) => status)).toEqual([202, 200, 200, 429]);
    const everyHeader = /^(location|retry-after|easel-|x-request-id|x-should-retry|x-ratelimit-)/;
    const seen = new Set<string>();
    for (const response of responses) {
      const exposed = response.headers.get('access-control-expose-headers')?.split(', ') ?? [];
      for (const name of response.headers.keys())
        if (everyHeader.test(name)) {
          expect(exposed).toContain(name);
          seen.add(name);
        }
    }
    for (const name of ['location', 'easel-job', 'easel-cache', 'retry-after', 'x-request-id'])
      expect(seen, `${url}: ${name}`).toContain(name);
  });
});
