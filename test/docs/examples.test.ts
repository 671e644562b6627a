import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { root } from './page.js';

const run = promisify(execFile);

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-examples-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

it('names every example in its README', async () => {
  const text = await readFile(join(root, 'examples/README.md'), 'utf8');
  const folders = (await readdir(join(root, 'examples'))).filter((name) => !name.includes('.'));
  for (const name of folders) expect(text).toContain(`[${name}](${name})`);
});

it('many-prompts makes four images and cancels the fifth', async () => {
  const cwd = await makeFolder();
  const { stdout } = await run(process.execPath, [join(root, 'examples/many-prompts/main.mjs')], {
    cwd,
    env: { ...process.env, HOME: cwd },
  });
  expect(stdout.match(/: made$/gm)).toHaveLength(4);
  expect(stdout).toContain('ben: a red house: ERR_ABORTED');
});

it('openai-client writes two images', async () => {
  const folder = await makeFolder();
  const manager = createImageServiceManager({
    environment: {},
    configuration: { storageFolder: join(folder, 'kept') },
  });
  const server = await createServer({ manager });
  try {
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    const { stdout } = await run(process.execPath, [join(root, 'examples/openai-client/client.mjs')], {
      cwd: folder,
      env: { ...process.env, EASEL_URL: url },
    });
    expect(stdout).toBe('2 images\n');
    expect(await sharp(join(folder, 'star-1.png')).metadata()).toMatchObject({ width: 96, height: 96 });
  } finally {
    await server.close();
    await manager.close();
  }
});

it('express serves under its path, and ends when it is told to', async () => {
  const cwd = await makeFolder();
  const app = spawn(process.execPath, [join(root, 'examples/express/server.mjs')], {
    cwd,
    env: { ...process.env, HOME: cwd, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(app, 'exit');
  const [url] = (await once(createInterface(app.stdout), 'line')) as [string];
  const response = await fetch(`${url}/images/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a yellow star at night', steps: 4 }),
  });
  expect(await response.json()).toMatchObject({ data: [{ b64_json: expect.stringMatching(/^iVBOR/) }] });
  app.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
