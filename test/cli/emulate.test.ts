import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { expect, it, onTestFinished, vi } from 'vitest';
import { easel, start, workingFolder } from './easel.js';

const catalogues = [
  '../../models/catalogue',
  '../fixtures/parasail-catalogue',
  '../fixtures/server-catalogue',
].map((relative) => fileURLToPath(new URL(relative, import.meta.url)));

interface Told {
  readonly url: string;
  readonly secrets: Record<string, string>;
  readonly options: Record<string, unknown>;
}

it.each([
  ['runware', 'runware-sdxl', '512'],
  ['gemini', 'gemini-3.1-flash-image', '1024'],
  ['parasail', 'emulated-flux', '64'],
  ['openai', 'gpt-image-2', '1024'],
  ['fal', 'fal-flux-schnell', '256'],
  ['replicate', 'replicate-flux-schnell', '1024'],
  ['bfl', 'bfl-flux-2-pro', '256'],
  ['stability', 'stability-core', '1024'],
  ['sdapi', 'sdapi-current', '64', 0],
  ['comfyui', 'comfyui-text', '64', 0],
])(
  '%s, for a picture of the real command, and says what it would have cost',
  async (id, model, size, paid = 1) => {
    const folder = workingFolder({ catalogueFolders: catalogues, currentModel: model });
    const emulator = start(folder, ['emulate', id, '--json'], null);
    onTestFinished(() => void emulator.child.kill('SIGKILL'));
    const [line] = await once(emulator.child.stdout, 'data');
    const { secrets, options } = JSON.parse(String(line)) as Told;
    for (const [name, value] of Object.entries(secrets)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const file = join(folder, 'easel.config.json');
    const configuration = JSON.parse(await readFile(file, 'utf8')) as object;
    const plugins = { [id]: { options } };
    await writeFile(file, JSON.stringify({ ...configuration, storageFolder: 'kept', plugins }));

    const prompt = 'a fox in the snow';
    const direct = id === 'parasail' ? ['--option', 'parasail.delivery="direct"'] : [];
    const words = ['generate', prompt, '--size', size, '--out', 'fox.png', ...direct];
    expect(await easel(folder, words)).toMatchObject({ status: 0 });
    expect(await isPictureOf(await readFile(join(folder, 'fox.png')), prompt)).toBe(true);

    emulator.child.kill('SIGINT');
    const { status, stderr } = await emulator.ended;
    expect(status).toBe(130);
    expect(stderr).toContain(`Pictures that would have been paid for: ${paid}.`);
  },
);

it('says which plugins have one, and when a port is taken', async () => {
  const folder = workingFolder();
  const unknown = await easel(folder, ['emulate', 'steady']);
  expect(unknown).toMatchObject({ status: 1 });
  expect(unknown.stderr).toMatch(
    /"steady".*bfl, comfyui, fal, gemini, openai, parasail, replicate, runware, sdapi, stability/,
  );
  const first = start(folder, ['emulate', 'gemini', '--json'], null);
  onTestFinished(() => void first.child.kill('SIGKILL'));
  const [line] = await once(first.child.stdout, 'data');
  const { port } = new URL((JSON.parse(String(line)) as Told).url);
  const second = await easel(folder, ['emulate', 'gemini', '--port', port]);
  expect(second.stderr).toMatch(/ERR_CONFIG_INVALID.*EADDRINUSE/);
});

it('says that a plugin has something else in its place', async () => {
  const folder = workingFolder();
  const plugin = join(folder, 'plugins', 'odd');
  await mkdir(plugin, { recursive: true });
  const manifest = {
    id: 'odd',
    version: '1.0.0',
    sdk: '^0.1.0',
    entry: 'index.js',
    handles: [{ type: 'odd' }],
  };
  await writeFile(join(plugin, 'plugin.json'), JSON.stringify(manifest));
  await writeFile(join(plugin, 'package.json'), '{ "type": "module" }');
  await writeFile(join(plugin, 'index.js'), '');
  await writeFile(join(plugin, 'emulator.js'), 'export const start = 1;');
  const { status, stderr } = await easel(folder, ['emulate', 'odd']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/ERR_CONFIG_INVALID: .*odd.emulator\.js has no emulator as its default export/);
});
