import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createServer } from '@easel/core/server';
import express from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bearer, createKey, jsonOf, startServer } from './server.js';

const prefix = '/easel';
type Mount = (easel: FastifyInstance) => Promise<{ readonly server: Server; readonly greeting: string }>;
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** How host apps hand requests on, and something that stays their own. */
const hosts: readonly (readonly [string, Mount])[] = [
  [
    'Express',
    async (easel) => {
      const app = express();
      app.use(prefix, ((request, response) => easel.routing(request, response)) as Handler);
      app.get('/', (_request, response) => void response.send('Express'));
      return { server: createHttpServer(app), greeting: 'Express' };
    },
  ],
  [
    'Express that parses bodies first',
    async (easel) => {
      const app = express();
      app.use(express.json());
      app.use(prefix, ((request, response) => easel.routing(request, response)) as Handler);
      app.get('/', (_request, response) => void response.send('Express'));
      return { server: createHttpServer(app), greeting: 'Express' };
    },
  ],
  [
    'Fastify',
    async (easel) => {
      const app = fastify();
      app.get('/', async () => 'Fastify');
      await app.register(async (scope) => {
        // Its body is for the server that it is handed on to.
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all(`${prefix}/*`, (request, reply) => {
          reply.hijack();
          easel.routing(request.raw, reply.raw);
        });
      });
      await app.ready();
      return { server: app.server, greeting: 'Fastify' };
    },
  ],
  [
    'node:http',
    async (easel) => {
      const handle: Handler = (request, response) =>
        request.url?.startsWith(prefix) ? easel.routing(request, response) : void response.end('node:http');
      return { server: createHttpServer(handle), greeting: 'node:http' };
    },
  ],
];

it.each(['easel', 'https://pictures.example', '/a b', '//easel'])('refuses "%s" as a path', async (wrong) => {
  const { manager } = await startServer();
  await expect(createServer({ manager, prefix: wrong })).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringContaining(`prefix: "${wrong}"`),
  });
});

describe.each(hosts)('the server in a host app, %s', (_name, mount) => {
  async function startHost() {
    const { manager, storageFolder } = await startServer();
    const easel = await createServer({ manager, prefix });
    await easel.ready();
    const { server, greeting } = await mount(easel);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(async () => {
      await easel.close();
      server.closeAllConnections();
      server.close();
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${origin}${prefix}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const steady = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
    return { easel, origin, greeting, post, storageFolder, steady };
  }

  it('answers under its path, with URLs that lead back there', async () => {
    const { origin, greeting, post } = await startHost();
    expect(await (await fetch(origin)).text()).toBe(greeting);
    const made = await jsonOf<{ image_url: string }>(await post('/api/images/generate', { prompt: 'x' }));
    expect(made.image_url).toMatch(new RegExp(`^${origin}${prefix}/api/images/results/`));
    expect((await fetch(made.image_url)).headers.get('content-type')).toBe('image/png');
    for (const job of [
      await post('/api/images/jobs', { prompt: 'x' }),
      await post('/v1/images/generations', { prompt: 'x', async: true }),
    ]) {
      expect(job.headers.get('location')).toMatch(new RegExp(`^${prefix}/`));
      expect((await fetch(`${origin}${job.headers.get('location')}`)).status).toBe(200);
    }
    const studio = await (await fetch(`${origin}${prefix}/gallery`)).text();
    expect(studio).toContain(`<base href="${prefix}/">`);
    const [, module = ''] = /src="\.\/(studio\/[^"]+)"/.exec(studio) ?? [];
    expect((await fetch(`${origin}${prefix}/${module}`)).headers.get('content-type')).toContain('javascript');
    const page = await fetch(`${origin}${prefix}/docs`);
    const [, script = ''] = /<script src="([^"]+)"/.exec(await page.text()) ?? [];
    expect((await fetch(new URL(script, page.url))).status).toBe(200);
    expect(await jsonOf(await fetch(`${origin}${prefix}/openapi.json`))).toMatchObject({
      servers: [{ url: prefix }],
    });
    // Programs are told as JSON that nothing is there, people by the page.
    const typeAt = async (path: string, accept: string) => {
      const { status, headers } = await fetch(`${origin}${prefix}${path}`, { headers: { accept } });
      return `${status} ${headers.get('content-type')}`;
    };
    expect(await typeAt('/nothing', '*/*')).toMatch(/^404 application\/json/);
    expect(await typeAt('/nothing', 'text/html,*/*;q=0.8')).toMatch(/^404 text\/html/);
    expect(await typeAt('/api/nothing', 'text/html,*/*;q=0.8')).toMatch(/^404 application\/json/);
  });

  it('asks for keys, with their scopes, as it does alone', async () => {
    const { origin, post, storageFolder } = await startHost();
    const key = await createKey(storageFolder);
    expect((await post('/v1/images/generations', { prompt: 'x' })).status).toBe(401);
    expect((await fetch(`${origin}${prefix}/healthz`)).status).toBe(200);
    const administer = await fetch(`${origin}${prefix}/api/admin/plugins`, { headers: bearer(key) });
    expect(administer.status).toBe(403);
    const answer = await post('/v1/images/generations', { prompt: 'x', response_format: 'url' }, bearer(key));
    const { data } = await jsonOf<{ data: [{ url: string }] }>(answer);
    expect((await fetch(data[0].url)).status).toBe(200);
    expect((await fetch(data[0].url.replace(/signature=.{4}/, 'signature=AAAA'))).status).toBe(401);
  });

  it('finishes what is on its way when it is closed', async () => {
    const { easel, post, steady } = await startHost();
    const slow = { prompt: 'x', provider_options: { steady: { delayMs: 600 } } };
    const answer = post('/v1/images/generations', slow);
    await expect.poll(() => steady()?.inFlight).toBe(1);
    await easel.close();
    expect(await answer).toMatchObject({ status: 200 });
  });
});

it('refuses a body that the host app has read and not kept, and reads one that it has decoded', async () => {
  const { manager } = await startServer();
  const easel = await createServer({ manager });
  await easel.ready();
  const app = express();
  app.use('/kept', express.json(), ((request, response) => easel.routing(request, response)) as Handler);
  app.use('/dropped', (async (request, response) => {
    for await (const _ of request);
    easel.routing(request, response);
  }) as (request: IncomingMessage, response: ServerResponse) => Promise<void>);
  const server = createHttpServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    await easel.close();
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}/v1/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const body = new Uint8Array(Buffer.from(JSON.stringify({ prompt: 'x' })));
  const dropped = await post('/dropped', body);
  expect(dropped.status).toBe(400);
  expect(await dropped.text()).toContain('has read the body of this request');
  const packed = new Uint8Array(gzipSync(body));
  expect((await post('/kept', packed, { 'content-encoding': 'gzip' })).status).toBe(200);
});
