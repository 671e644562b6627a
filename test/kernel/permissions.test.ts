import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { isRunning } from '../fixtures/is-running.js';
import { createFixtureKernel } from '../fixtures/kernel.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

/** One plugin that asks for a folder and for processes, and one that asks for nothing. */
async function createWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'easel-permissions-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const manager = createFixtureKernel({
    pluginFolders: [path('confined-plugins')],
    catalogueFolders: [path('confined-catalogue')],
    currentModel: 'scribe',
    storageFolder: join(folder, 'storage'),
    retries: 0,
  });
  const ask = async (plugin: 'scribe' | 'trespasser', deed: string, file?: string) =>
    await manager.generateImage({
      prompt: 'a deed',
      model: plugin,
      providerOptions: { [plugin]: { deed, ...(file === undefined ? {} : { path: file }) } },
    });
  return { folder, manager, ask };
}

describe("a plugin's process", () => {
  it('writes to the folder of its own that it asks for, and keeps it', async () => {
    const { folder, ask } = await createWorld();
    const { provenance } = await ask('scribe', 'keep');
    expect(provenance.parameters).toMatchObject({ result: 'kept' });
    expect(readFileSync(join(folder, 'storage/plugins/scribe/kept.txt'), 'utf8')).toBe('kept');
    expect(existsSync(join(folder, 'storage/plugins/trespasser'))).toBe(false);
  });

  it.each(['scribe', 'trespasser'] as const)('writes nowhere else: %s', async (plugin) => {
    const { folder, ask } = await createWorld();
    const file = join(folder, 'elsewhere.txt');
    await expect(ask(plugin, 'write', file)).rejects.toMatchObject({
      code: 'ERR_PLUGIN_FAILED',
      hint: expect.stringContaining('"storage": true'),
    });
    expect(existsSync(file)).toBe(false);
  });

  it('starts other processes only where it asks for that', async () => {
    const { ask } = await createWorld();
    expect((await ask('scribe', 'spawn')).provenance.parameters).toMatchObject({ result: 0 });
    await expect(ask('trespasser', 'spawn')).rejects.toMatchObject({
      hint: expect.stringContaining('"childProcesses": true'),
    });
  });

  it('takes with it what it has started, detached or not, when it ends or is killed', async () => {
    const { manager, ask } = await createWorld();
    const startDetached = async () => {
      const { parameters } = (await ask('scribe', 'detach')).provenance;
      return z.object({ result: z.number() }).parse(parameters).result;
    };
    const first = await startDetached();
    expect(isRunning(first)).toBe(true);
    process.kill(manager.getServiceHealth().plugins.find(({ id }) => id === 'scribe')?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => isRunning(first)).toBe(false);
    const second = await startDetached();
    expect(isRunning(second)).toBe(true);
    await manager.close();
    await expect.poll(() => isRunning(second)).toBe(false);
  });

  it('loads native code only where it says so', async () => {
    const { ask } = await createWorld();
    await expect(ask('scribe', 'native')).rejects.toMatchObject({
      hint: expect.stringContaining('"native": true'),
    });
  });

  const isThere = (way: string) => ['read', 'a link of its own'].includes(way);
  const escapes = [
    'read',
    'list',
    'read through a link of a package',
    'read the kernel environment',
    'read its own environment',
    'import of a thread',
    'import at run time',
    'require of a thread',
    'builtin module',
    'the threads that there are',
    'binding',
    'native code',
    'inspector',
    'child process',
    'cluster',
    'WASI',
    'module hooks',
    'a link of its own',
    'write',
  ];
  it.each(escapes)('that asks for a folder of its own only does not get out by: %s', async (way) => {
    const { folder, manager } = await createWorld();
    const file = join(folder, 'secrets.json');
    if (isThere(way)) await writeFile(file, 'a secret');
    const { provenance } = await manager.generateImage({
      prompt: 'out',
      model: 'hermit',
      providerOptions: { hermit: { way, file: way === 'list' ? folder : file } },
    });
    expect(provenance.parameters).toMatchObject({
      outcome: expect.stringMatching(/^ERR_(ACCESS_DENIED|DLOPEN_DISABLED)$/),
    });
    expect(existsSync(file)).toBe(isThere(way));
  });
});
