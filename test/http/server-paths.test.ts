import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withoutServerPaths } from '../../core/src/http/server-paths.js';
import { bearer, createKey, send, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';

/** A catalogue with a model whose files are not there, and one that cannot be read. */
async function brokenCatalogue(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-catalogue-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const model = {
    id: 'gone',
    name: 'gone',
    pipelineType: 'sd',
    source: { type: 'file', path: join(folder, 'weights/gone.safetensors') },
    defaults: { width: 64, height: 64 },
    supports: { minimumEdge: 8, maximumEdge: 1024, edgeMultiple: 8, images: 1 },
  };
  await writeFile(join(folder, 'gone.json'), JSON.stringify(model));
  await writeFile(join(folder, 'broken.json'), '{');
  return folder;
}

/**
 * All that is told of files at every door: where an image lies, why there is none, and what cannot be used.
 */
async function toldBy(server: TestServer, headers: Record<string, string> = {}): Promise<string> {
  const ask = async (path: string, body?: object) => {
    const sent = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const type = body ? { 'content-type': 'application/json' } : {};
    const accept = { accept: 'application/json, text/event-stream' };
    return (await send(`${server.url}${path}`, { ...sent, headers: { ...type, ...accept, ...headers } }))
      .text;
  };
  const broken = { prompt, model: 'gone' };
  const { id } = JSON.parse(await ask('/api/images/jobs', broken)) as { id: string };
  await expect.poll(() => ask(`/api/images/jobs/${id}`)).toContain('"failed"');
  const call = { name: 'generate_image', arguments: broken };
  const told = [
    await ask('/api/images/generate', { prompt }),
    await ask('/api/images/generate', broken),
    await ask('/v1/images/generations', broken),
    await ask('/v1/images/generations', { ...broken, stream: true, partial_images: 1 }),
    await ask('/v1/images/generations', { prompt, model: 'nothing' }),
    await ask('/sdapi/v1/txt2img', { prompt, override_settings: { sd_model_checkpoint: 'gone' } }),
    await ask('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }),
    await ask(`/api/images/jobs/${id}`),
    await ask(`/api/images/jobs/${id}/events`),
    await ask('/api/health/images'),
    await ask('/api/admin/plugins'),
  ];
  return told.join('\n');
}

async function start() {
  const catalogue = await brokenCatalogue();
  const root = new URL('../../', import.meta.url).pathname;
  const server = await startServer({
    pluginFolders: [join(root, 'plugins'), join(root, 'test/fixtures/plugins')],
    catalogueFolders: [join(root, 'test/fixtures/catalogue'), catalogue],
  });
  return { server, catalogue };
}

describe('paths of the server', () => {
  it('are told on this machine, where there are no keys', async () => {
    const { server, catalogue } = await start();
    const told = await toldBy(server);
    expect(told).toContain(`${server.storageFolder}/results/`);
    expect(told).toContain(join(catalogue, 'weights/gone.safetensors'));
    expect(told).toContain(join(catalogue, 'broken.json'));
  });

  it('are told to nobody who shows a key', async () => {
    const { server, catalogue } = await start();
    const key = await createKey(server.storageFolder, { scopes: ['admin'] });
    const told = await toldBy(server, bearer(key));
    expect(told).not.toContain(server.storageFolder);
    expect(told).not.toContain(catalogue);
    expect(told).not.toMatch(/"\/(tmp|work|home|root|usr)\//);
    expect(told).toMatch(/"image_path":"results\/[0-9a-f]{2}\/[0-9a-f]{64}\.png"/);
    expect(told).toContain('gone.safetensors');
    expect(told).toContain('broken.json');
  });

  it('are told to nobody whom a proxy has handed on', async () => {
    const { server } = await start();
    const body = JSON.stringify({ prompt });
    const pathFor = async (headers: Record<string, string>) => {
      const sent = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
      const { text } = await send(`${server.url}/api/images/generate`, sent);
      return (JSON.parse(text) as { image_path: string }).image_path;
    };
    expect(await pathFor({})).toMatch(/^\//);
    expect(await pathFor({ 'x-forwarded-for': '203.0.113.7' })).toMatch(/^results\//);
    expect(await pathFor({ forwarded: 'for=203.0.113.7' })).toMatch(/^results\//);
  });

  it.each([
    ['/srv/easel/jobs.db is broken', 'jobs.db is broken'],
    ['(/etc/ssl/cert.pem), /tmp/a/b.', '(cert.pem), b.'],
    [
      'POST /v1/images/generations at https://host/usr/x',
      'POST /v1/images/generations at https://host/usr/x',
    ],
    ['C:\\models\\x.bin is gone', 'x.bin is gone'],
    ['and/or, 1/2, a/usr/b', 'and/or, 1/2, a/usr/b'],
  ])('%s: %s', (text, expected) => {
    expect(withoutServerPaths(text, '/srv/easel')).toBe(expected);
  });
});
