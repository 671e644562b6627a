import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { type Running, start } from './easel.js';

interface Entry {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [name: string]: unknown;
}

const escapeCode = '\u001b';
/** A plugin whose process colours what it prints, as native libraries do. */
const colourful = `process.stderr.write('${escapeCode}[0;93m[W:onnxruntime:, session.cc:1] slow${escapeCode}[m\\n');
export default { apiVersion: 1, config: { safeParse: () => ({ success: true, data: {} }) },
  options: { safeParse: () => ({ success: true, data: {} }) }, async start() { return { async generate() {} }; } };`;
const manifest = {
  ...{ id: 'colourful', version: '1.0.0', sdk: '^0.1.0', entry: 'index.js', activation: 'startup' },
  handles: [{ type: 'colourful' }],
};

/** Serves until it listens; `lines` are all that it has printed, on stdout and stderr. */
async function serve(folder: string, environment: NodeJS.ProcessEnv = {}, words: readonly string[] = []) {
  const running: Running = start(folder, ['serve', '--port', '0', ...words], '', environment);
  onTestFinished(() => void running.child.kill('SIGKILL'));
  let text = '';
  for (const stream of [running.child.stdout, running.child.stderr])
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
  const url = await expect
    .poll(() => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0])
    .toBeTruthy()
    .then(() => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '');
  const lines = () => text.trimEnd().split('\n');
  return { running, url, lines, entries: () => lines().map((line) => JSON.parse(line) as Entry) };
}

async function end({ child }: Running): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'close');
}

describe('what easel serve logs', () => {
  it('is JSON from the first line to the last, without colours', async () => {
    const folder = await createServeFolder({ pluginFolders: ['plugins'], currentModel: undefined });
    await mkdir(join(folder, 'plugins/colourful'), { recursive: true });
    await writeFile(join(folder, 'plugins/colourful/plugin.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'plugins/colourful/index.js'), colourful);
    const { running, url, lines, entries } = await serve(folder);
    expect(entries()).toContainEqual(
      expect.objectContaining({ level: 'info', url, msg: `Easel listens on ${url}` }),
    );
    const line = { level: 'warn', plugin: 'colourful', msg: '[W:onnxruntime:, session.cc:1] slow' };
    await expect.poll(entries).toContainEqual(expect.objectContaining(line));
    await fetch(`${url}/api/images/models?key=hidden`);
    await fetch(`${url}/nowhere`);
    await fetch(`${url}/healthz`);
    await end(running);
    for (const entry of entries()) expect(Date.parse(entry.time), JSON.stringify(entry)).toBeGreaterThan(0);
    const requests = entries().filter(({ requestId }) => requestId !== undefined);
    expect(requests).toMatchObject([
      { msg: 'GET /api/images/models 200', route: '/api/images/models', status: 200, address: '127.0.0.1' },
      { msg: 'GET /nowhere 404', status: 404 },
    ]);
    expect(lines().join('')).not.toMatch(/hidden|\\u001b/);
  });

  it('is text for people where that is asked for, of the level that is asked for', async () => {
    const folder = await createServeFolder({ server: { logFormat: 'pretty' } });
    const { running, url, lines } = await serve(folder);
    await fetch(`${url}/healthz`);
    await fetch(`${url}/nowhere`);
    await expect
      .poll(lines)
      .toContainEqual(expect.stringMatching(/^\d\d:\d\d:\d\d info {2}GET \/nowhere 404 durationMs=\d+/));
    expect(lines()[0]).toMatch(/^\d\d:\d\d:\d\d info {2}Easel listens on http:\S+$/);
    await end(running);
    const quiet = await serve(folder, { EASEL_LOG_LEVEL: 'warn', EASEL_LOG_FORMAT: 'json' }, ['--json']);
    await fetch(`${quiet.url}/nowhere`);
    await end(quiet.running);
    expect(quiet.lines()).toEqual([JSON.stringify({ url: quiet.url })]);
  });
});

describe('a setting that changes while the server runs', () => {
  it('takes effect, or is said to wait for the next start', async () => {
    const server = { bodyMb: 8, publicUrl: 'https://one.example' };
    const folder = await createServeFolder({ server });
    const { url, entries, running } = await serve(folder);
    const file = join(folder, 'easel.config.json');
    const whole = JSON.parse(await readFile(file, 'utf8')) as object;
    const write = async (changed: object) => await writeFile(file, JSON.stringify({ ...whole, ...changed }));
    const imageUrl = async () => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify({ prompt: 'x' }) };
      return ((await (await fetch(`${url}/api/images/generate`, init)).json()) as { image_url: string })
        .image_url;
    };
    expect(await imageUrl()).toMatch(/^https:\/\/one\.example\//);
    await write({ storageFolder: 'elsewhere', server: { bodyMb: 1, publicUrl: 'https://two.example' } });
    await expect.poll(imageUrl).toMatch(/^https:\/\/two\.example\//);
    const waits = 'Changed settings take effect when Easel is started again: storageFolder, server.bodyMb.';
    await expect.poll(entries).toContainEqual(expect.objectContaining({ level: 'warn', msg: waits }));
    const health = (await (await fetch(`${url}/api/health/images`)).json()) as object;
    expect(health).toMatchObject({ waitingSettings: ['storageFolder', 'server.bodyMb'] });
    // Its path is where the server is.
    await write({ server: { ...server, publicUrl: 'https://one.example/elsewhere' } });
    await expect
      .poll(async () => await (await fetch(`${url}/api/health/images`)).json())
      .toMatchObject({ waitingSettings: ['server.publicUrl'] });
    expect(await imageUrl()).not.toContain('elsewhere');
    await write({ server });
    await expect
      .poll(async () => await (await fetch(`${url}/api/health/images`)).json())
      .toMatchObject({ waitingSettings: [] });
    await write({ retries: 'many' });
    const refused = { level: 'warn', msg: expect.stringMatching(/stays as it was.*retries/) };
    await expect.poll(entries).toContainEqual(expect.objectContaining(refused));
    await end(running);
  }, 150_000);
});

it('is told which port it has in its first line, also by the JSON of --json', async () => {
  const { url } = await serveFrom(await createServeFolder());
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});
