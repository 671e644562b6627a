import { once } from 'node:events';
import { Agent, createServer as createHttpServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@easel/core/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Scope } from '../../core/src/keys/key-file.js';
import { createKey, jsonOf, startServer } from './server.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const;
/** Paths that the OpenAPI document does not have. */
const undocumented = [
  '/',
  '/gallery',
  '/studio/nothing.js',
  '/openapi.json',
  '/docs',
  '/docs/',
  '/docs/json',
  '/docs/yaml',
  '/docs/static/index.html',
  '/docs/static/swagger-ui.css',
  '/docs/static/nothing.js',
  '/mcp',
  '/nothing',
  '/v1/nothing',
  '/sdapi/v1/nothing',
];

/** What a server of today answers to whoever may not ask. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403, 404]);
const isRefused = (status: number) => status === 401 || status === 403;

/** Asks for exactly this spelling: `fetch` and `URL` would change it. */
function ask(
  port: number,
  agent: Agent,
  method: string,
  path: string,
  key?: string,
  triesLeft = 3,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const request = httpRequest({ host: '127.0.0.1', port, agent, method, path, headers }, (response) => {
      const settle = () => resolve(response.statusCode ?? 0);
      response.resume().once('end', settle);
      // A stream of events has no end.
      if (!response.headers['content-type']?.startsWith('text/event-stream')) return;
      settle();
      response.destroy();
    });
    request.once('error', (error) => {
      // What is not HTTP is answered 400 and hung up on, which may come first; so may the next request on
      // that connection.
      if (!/^(\/|https?:)/i.test(path)) resolve(400);
      else if (triesLeft > 0) resolve(ask(port, agent, method, path, key, triesLeft - 1));
      else reject(error);
    });
    request.end();
  });
}

const encode = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;

/** The same path as a router, a proxy or a file system may take it to be. */
function spellingsOf(path: string): string[] {
  const letters = [...path].flatMap((letter, index) => {
    const [before, after] = [path.slice(0, index), path.slice(index + 1)];
    const encoded = encode(letter);
    return [...new Set([encoded, encoded.toUpperCase()])].map((code) => `${before}${code}${after}`);
  });
  const segments = path.split('/').flatMap((segment, index, all) => {
    if (index === 0) return [];
    const with_ = (changed: string) => [...all.slice(0, index), changed, ...all.slice(index + 1)].join('/');
    return [`/${segment}`, `./${segment}`, `x/../${segment}`, `%2e/${segment}`, `..;/${segment}`].map(with_);
  });
  const whole = [
    `http://x${path}`,
    `https://x:1${path}`,
    `HTTP://x${path}`,
    `//x${path}`,
    `${path}/`,
    `${path}//`,
    `${path};x=/healthz`,
    `${path}?/healthz`,
    `${path}?expires=9999999999999&signature=AAAA`,
    `${path}#/healthz`,
    `${path}%3f/healthz`,
    `${path}%00`,
    `${path}.json`,
    `/healthz/..${path}`,
    `/healthz?${path}`,
    `/healthz;${path}`,
    `/docs/..${path}`,
    `/docs/static/..${path}`,
    `/docs/static/%2e%2e/%2e%2e${path}`,
    `/\\${path}`,
    path.toUpperCase(),
    path.replace(/^\/(\w)/, (_, letter: string) => `/${letter.toUpperCase()}`),
    path.replaceAll('/', '%2f'),
    path.replaceAll('/', '%2F'),
    `/%2561${path}`,
    [...path].map((letter) => (letter === '/' ? letter : encode(letter))).join(''),
  ];
  return [...letters, ...segments, ...whole];
}

const pathOf = (documented: string) =>
  documented.replace('{id}', 'steady').replace('{name}', 'x.png').replace('{index}', '0');

/** What a spelling answered, although its plain spelling is refused. */
async function leaksOf(
  port: number,
  prefix: string,
  paths: readonly string[],
  keys: readonly (string | undefined)[],
) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  const leaks: string[] = [];
  let asked = 0;
  for (const path of paths)
    for (const method of methods)
      for (const key of keys) {
        if (!isRefused(await ask(port, agent, method, `${prefix}${path}`, key))) continue;
        const spellings = [
          ...spellingsOf(path).map((spelling) =>
            spelling.startsWith('/') ? `${prefix}${spelling}` : spelling,
          ),
          ...(prefix === '' ? [] : spellingsOf(`${prefix}${path}`)),
        ];
        const statuses = await Promise.all(
          spellings.map((spelling) => ask(port, agent, method, spelling, key)),
        );
        asked += statuses.length;
        for (const [index, status] of statuses.entries()) {
          // What leads to a public page by a query or dot segments is answered as that page.
          const isPublic = spellings[index]?.includes('/healthz?/');
          if (!isPublic && !refusals.has(status)) leaks.push(`${method} ${spellings[index]}: ${status}`);
        }
      }
  return { leaks, asked };
}

async function startWithKeys() {
  const server = await startServer();
  const { paths } = await jsonOf<{ paths: object }>(await server.get('/openapi.json'));
  const keyOf = (scope: Scope) => createKey(server.storageFolder, { scopes: [scope] });
  const keys = {
    read: await keyOf('read'),
    generate: await keyOf('generate'),
    priority: await keyOf('priority'),
  };
  return { ...server, keys, paths: [...Object.keys(paths).map(pathOf), ...undocumented] };
}

describe('a key opens what its scopes say, and nothing else', () => {
  it('in whatever way the path is spelled', { timeout: 240_000 }, async () => {
    const { url, paths, keys } = await startWithKeys();
    const { leaks, asked } = await leaksOf(Number(new URL(url).port), '', paths, [
      undefined,
      ...Object.values(keys),
    ]);
    expect(leaks).toEqual([]);
    expect(asked).toBeGreaterThan(10_000);
  });

  it('under the path of a host app, too', { timeout: 240_000 }, async () => {
    const { manager, paths, keys } = await startWithKeys();
    const easel = await createServer({ manager, prefix: '/easel' });
    await easel.ready();
    const host = createHttpServer((request, response) => easel.routing(request, response));
    await once(host.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(async () => {
      await easel.close();
      host.closeAllConnections();
      host.close();
    });
    const { port } = host.address() as AddressInfo;
    const guarded = paths.filter((path) => /admin|current|metrics|options|generate$|jobs$/.test(path));
    const { leaks } = await leaksOf(port, '/easel', guarded, [undefined, keys.read, keys.generate]);
    expect(leaks).toEqual([]);
  });

  it('as the OpenAPI document says', async () => {
    const { url, get, keys } = await startWithKeys();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    type Described = Record<string, Record<string, { security: { key?: [string] }[] }>>;
    const { paths } = await jsonOf<{ paths: Described }>(await get('/openapi.json'));
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { security }] of Object.entries(operations)) {
        const scope = security.find(({ key }) => key)?.key?.[0] ?? 'public';
        const askWith = (key?: string) =>
          ask(Number(new URL(url).port), agent, method.toUpperCase(), pathOf(path), key);
        const name = `${method} ${path}`;
        const status = await askWith();
        expect(scope === 'public' ? isRefused(status) : status, name).toBe(scope === 'public' ? false : 401);
        for (const held of ['read', 'generate', 'priority'] as const)
          expect((await askWith(keys[held])) !== 403, `${name} with ${held}`).toBe(
            scope === held || scope === 'public',
          );
      }
  });

  it('and tells nobody without a key which paths there are', async () => {
    const { get, keys } = await startWithKeys();
    const without = await get('/api/admin/nothing');
    expect([without.status, (await get('/api/admin/plugins')).status]).toEqual([401, 401]);
    expect((await get('/nothing', { authorization: `Bearer ${keys.read}` })).status).toBe(404);
  });
});

it('a server does not start with a route that declares no scope', async () => {
  const { manager } = await startServer();
  const server = await createServer({ manager });
  onTestFinished(() => server.close());
  server.get('/api/admin/forgotten', async () => 'secret');
  await expect(server.ready()).rejects.toThrow(/without a scope: GET \/api\/admin\/forgotten/);
});

describe('errors', () => {
  it('have the shape of the API whose route was meant, in whatever way its path is spelled', async () => {
    const { get, post } = await startServer();
    const openAi = { error: { type: 'invalid_request_error', code: expect.any(String) } };
    const automatic = { errors: expect.any(String), detail: expect.any(String) };
    for (const path of ['/v1/images/generations', '/%761/images/generations'])
      expect(await jsonOf(await post(path, {}))).toMatchObject(openAi);
    for (const path of ['/v1/nothing', '/%761/nothing', '/v1/', '/v1'])
      expect(await jsonOf(await get(path)), path).toMatchObject(openAi);
    for (const path of ['/sdapi/v1/txt2img', '/sd%61pi/v1/txt2img'])
      expect(await jsonOf(await post(path, { steps: 'x' }))).toMatchObject(automatic);
    expect(await jsonOf(await get('/sdapi/nothing'))).toMatchObject(automatic);
    const ours = { success: false, error: { code: expect.any(String) } };
    for (const path of ['/nothing', '//', '//v1/models', '/%zz', '/v1/%zz'])
      expect(await jsonOf(await get(path)), path).toMatchObject(ours);
  });
});
