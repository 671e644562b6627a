import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import { expect, it, onTestFinished } from 'vitest';
import { seeded } from '../fixtures/seeded.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));
const requests = 20_000;
const atOnce = 32;
const seed = 7;

const nasty: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  'x'.repeat(40_000),
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  NaN,
  [],
  [[]],
  {},
  { toString: 1 },
  '\u0000',
  '../../etc/passwd',
  '{{7*7}}',
  "'; DROP TABLE jobs; --",
  '<script>',
  '\ud800',
  'auto',
  '1x1',
  '99999x99999',
  'data:image/png;base64,AAAA',
  'http://169.254.169.254/',
  { __proto__: { polluted: true } },
  Array(100).fill({}),
];
const paths = [
  '/api/images/generate',
  '/api/images/models',
  '/api/images/models/current',
  '/api/health/images',
  '/api/images/jobs',
  '/api/images/jobs/x',
  '/api/images/jobs/x/events',
  '/api/images/results/x',
  '/v1/images/generations',
  '/v1/images/edits',
  '/v1/images/variations',
  '/v1/models',
  '/sdapi/v1/txt2img',
  '/sdapi/v1/img2img',
  '/sdapi/v1/options',
  '/sdapi/v1/progress',
  '/mcp',
  '/api/admin/plugins',
  '/api/admin/plugins/steady/reset',
  '/api/admin/configuration',
  '/openapi.json',
  '/docs',
  '/healthz',
  '/readyz',
  '/metrics',
];
const fields = [
  'prompt',
  'model',
  'style',
  'size',
  'image_type',
  'n',
  'seed',
  'steps',
  'guidance_scale',
  'negative_prompt',
  'sampler',
  'strength',
  'fallback',
  'timeout_ms',
  'provider_options',
  'response_format',
  'output_format',
  'priority',
  'webhook',
  'previews',
  'batch_size',
  'init_images',
  'mask',
  'cfg_scale',
  'sd_model_checkpoint',
  'pipeline_type',
  'jsonrpc',
  'method',
];
const methods = ['POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'];
const types = [
  'application/json',
  'application/json',
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
];

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

/** A request that is wrong in one way or another, or in none. */
function draw(random: () => number): Shot {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const body: Record<string, unknown> = random() < 0.7 ? { prompt: 'a fixture' } : {};
  for (let count = Math.floor(random() * 4); count > 0; count--) body[pick(fields)] = pick(nasty);
  const json = JSON.stringify(random() < 0.1 ? pick(nasty) : body) ?? 'undefined';
  const torn = random() < 0.1 ? json.slice(0, Math.floor(random() * json.length)) : json;
  const method = pick(methods);
  const path = random() < 0.05 ? `${pick(paths)}/%2e%2e/%00` : pick(paths);
  const type = pick(types);
  const key = random() < 0.05 ? { 'idempotency-key': pick(['', 'k', 'x'.repeat(300)]) } : {};
  const authorization =
    random() < 0.05 ? { authorization: pick(['Bearer', 'Basic !!', 'Bearer easel_0_0']) } : {};
  return {
    method,
    path,
    headers: { ...(type === '' ? {} : { 'content-type': type }), ...key, ...authorization },
    body: method === 'GET' || method === 'HEAD' ? undefined : torn,
  };
}

/** Nobody uses a connection again that a refusal may have ended. */
const agent = new Agent({ keepAlive: false });

/** Sends it and answers the status; 0 where the connection was ended instead. */
const send = (url: string, { method, path, headers, body }: Shot): Promise<number> =>
  new Promise((resolve) => {
    const sent = request(`${url}${path}`, { method, headers, agent }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    sent.setTimeout(20_000, () => sent.destroy());
    sent.on('error', () => resolve(0));
    sent.end(body);
  });

it(`${requests} malformed requests are answered by what is wrong with them, and the server lives`, async () => {
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-fuzz-'));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { CHAOS_KEY: 'unused-here' },
    metrics: true,
    configuration: {
      pluginFolders: [fixtures('plugins')],
      catalogueFolders: [fixtures('catalogue')],
      currentModel: 'steady-one',
      storageFolder,
      retries: 0,
      // What is well among them shall not find a full queue.
      plugins: { steady: { runtime: { concurrency: 50, queue: 10_000 } }, chaos: { enabled: false } },
    },
  });
  const server = await createServer({ manager });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await server.close();
    await manager.close();
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  const random = seeded(seed);
  const tally: Record<number, number> = {};
  const wrong: string[] = [];
  let left = requests;
  const shoot = async () => {
    while (left-- > 0) {
      const shot = draw(random);
      const status = await send(url, shot);
      tally[status] = (tally[status] ?? 0) + 1;
      if (status === 0 || status >= 500) wrong.push(`${status} ${JSON.stringify(shot).slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, shoot));
  console.log(JSON.stringify(tally));
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  const made = await fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a fixture', model: 'steady-one' }),
  });
  expect(made.status).toBe(200);
});
