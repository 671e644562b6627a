import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServeFolder, serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from './easel.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-explain-'));
});
afterAll(() => rm(folder, { recursive: true, maxRetries: 10 }));

test('easel explain --request shows what the networks of a call would hold, and makes nothing', async () => {
  const words = ['explain', '--own-kernel', '--request', '{"prompt": "a star", "size": "96x96"}'];
  const { status, stdout, stderr } = await easel(folder, words);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^1 +local-diffusion +picturebook/m);
  expect(stdout).toMatch(/^NETWORK +WEIGHTS +STAGES +HELD AT ONCE\ntext_encoder .*\nunet .*\nvae /m);
  expect(stdout).toMatch(/^All networks stay open: [\d.]+ MB of [\d.]+ [GT]B\.$/m);
  expect(readdirSync(folder).filter((name) => name.endsWith('.png'))).toEqual([]);

  const large = ['explain', '--own-kernel', '--json', '--request', '-'];
  const asked = await easel(folder, large, '{"prompt": "a star", "size": "192x192"}');
  const { planned } = JSON.parse(asked.stdout);
  expect(planned).toMatchObject({ plugin: 'local-diffusion', model: 'picturebook' });
  expect(planned.memory.leastBytes).toBeGreaterThan(1e6);
});

test('a refiner is in the plan, behind the model whose image it ends', async () => {
  const refiner = {
    path: fileURLToPath(new URL('../../models/picturebook', import.meta.url)),
    switchAt: 0.5,
  };
  const request = { prompt: 'a star', size: '96x96', provider_options: { 'local-diffusion': { refiner } } };
  const words = ['explain', '--own-kernel', '--json', '--request', '-'];
  const { stdout } = await easel(folder, words, JSON.stringify(request));
  const { networks } = JSON.parse(stdout).planned.memory;
  const names = networks.map(({ name }: { name: string }) => name);
  expect(names).toEqual(['text_encoder', 'unet', 'text_encoder', 'unet', 'vae']);
});

test('a request that is none is said to be none', async () => {
  const cut = await easel(folder, ['explain', '--request', '{"prompt"']);
  expect([cut.status, cut.stderr]).toEqual([2, expect.stringContaining('--request is not JSON')]);
  const other = await easel(folder, ['explain', '--request', '{"size": "96x96"}']);
  expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/--request: prompt/)]);
});

test('a server is asked, and a plugin that does not plan says nothing', async () => {
  const served = await createServeFolder();
  await serveFrom(served);
  const { stdout } = await easel(served, ['explain', 'steady-one', '--request', '{"prompt": "x"}']);
  expect(stdout).toMatch(/^steady does not say what steady-one holds in memory\.$/m);
});
