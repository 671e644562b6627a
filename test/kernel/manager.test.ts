import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createImageServiceManager, getImageServiceManager } from '@easel/core';
import type { Progress } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { createFixtureKernel, fixtureSecret, misbehave } from '../fixtures/kernel.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));
const prompt = 'a fixture';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

describe('the manager', () => {
  it('has a current model, and switches it', async () => {
    const manager = createFixtureKernel({ currentModel: 'chaos-one' });
    expect(manager.currentModel).toBe('chaos-one');
    expect(() => manager.switchModel('nothing')).toThrow(/There is no model "nothing"/);
    expect(manager.switchModel('steady-one').pipelineType).toBe('steady');
    expect((await manager.generateImage({ prompt })).provenance.model).toBe('steady-one');
    expect(
      manager
        .getAvailableModels()
        .map(({ id, available, plugin, current }) => ({ id, available, plugin, current })),
    ).toEqual([
      { id: 'chaos-one', available: true, plugin: 'chaos', current: false },
      { id: 'steady-one', available: true, plugin: 'steady', current: true },
    ]);
  });

  it('tells the health of its plugins', async () => {
    const manager = createFixtureKernel();
    const steady = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
    expect(manager.getServiceHealth().status).toBe('ok');
    expect(steady()).toMatchObject({
      state: 'idle',
      version: '1.2.3',
      pipelineTypes: ['steady'],
      restarts: 0,
      breakers: { steady: 'closed' },
    });
    const call = manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 400 } } });
    await expect.poll(() => steady()?.state).toBe('ready');
    expect(steady()).toMatchObject({ inFlight: 1, queued: 0, pid: expect.any(Number) });
    await call;
    expect(steady()?.inFlight).toBe(0);
  });

  it('reports progress that never falls', async () => {
    const manager = createFixtureKernel();
    const seen: Progress[] = [];
    await manager.generateImage(
      { prompt, providerOptions: { steady: { delayMs: 100 } } },
      { onProgress: (progress) => seen.push(progress) },
    );
    const fractions = seen.map(({ fraction }) => fraction);
    expect(fractions.length).toBeGreaterThan(5);
    expect(fractions).toEqual(fractions.toSorted((one, other) => one - other));
  });

  it('is not disturbed by a progress listener that throws', async () => {
    const manager = createFixtureKernel();
    const onProgress = () => {
      throw new Error('in the listener');
    };
    const call = manager.generateImage(
      { prompt, providerOptions: { steady: { delayMs: 50 } } },
      { onProgress },
    );
    expect((await call).images).toHaveLength(1);
  });

  it('refuses calls once it is closed, and finishes those in flight', async () => {
    const manager = createFixtureKernel();
    const call = manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 300 } } });
    await expect
      .poll(() => manager.getServiceHealth().plugins.find(({ id }) => id === 'steady')?.state)
      .toBe('ready');
    await Promise.all([manager.close(), manager.close()]);
    expect((await call).images).toHaveLength(1);
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code: 'ERR_KERNEL_CLOSED' });
  });

  it('ends calls that do not finish in time when it is closed', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage(misbehave('none'));
    const call = expect(manager.generateImage(misbehave('ignore-everything', 60_000))).rejects.toMatchObject({
      code: 'ERR_KERNEL_CLOSED',
    });
    await manager.close();
    await call;
  });

  it('is one for the whole process where that is wanted, until it is closed', async () => {
    const first = getImageServiceManager();
    expect(getImageServiceManager()).toBe(first);
    await first.close();
    const second = getImageServiceManager();
    expect(second).not.toBe(first);
    await second.close();
  });

  it('shares nothing with another kernel in the same process', async () => {
    const [one, other] = [
      createFixtureKernel({ plugins: { steady: { options: { greeting: 'one' } } } }),
      createFixtureKernel(),
    ];
    const [first, second] = await Promise.all([
      one.generateImage({ prompt }),
      other.generateImage({ prompt }),
    ]);
    expect(first.provenance.parameters).toMatchObject({ greeting: 'one' });
    expect(second.provenance.parameters).toMatchObject({ greeting: 'none' });
    await one.close();
    expect((await other.generateImage({ prompt })).images).toHaveLength(1);
  });

  it('does not keep its host alive: a script that forgets to close it ends by itself, and its plugins with it', async () => {
    const script = `
      import { createImageServiceManager } from '@easel/core';
      const manager = createImageServiceManager({ bundled: false, configuration: {
        pluginFolders: [${JSON.stringify(fixtures('plugins'))}], catalogueFolders: [${JSON.stringify(fixtures('catalogue'))}] } });
      await manager.generateImage({ model: 'steady-one', prompt: 'x' });
      console.log(manager.getServiceHealth().plugins.find(({ pid }) => pid).pid);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fixtures('..'),
      timeout: 10_000,
    });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('cancelling', () => {
  it('rejects at once, stops the plugin, and gives its place to the next call', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage({ prompt });
    const slow = { prompt, providerOptions: { steady: { delayMs: 20_000 } } };
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const calls = controllers.map(({ signal }) => manager.generateImage(slow, { signal }));
    const settled = Promise.allSettled(calls);
    const steady = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
    await expect.poll(steady).toMatchObject({ inFlight: 2, queued: 2 });
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });

    for (const controller of controllers) controller.abort();
    expect((await settled).map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
      Array(4).fill('ERR_ABORTED'),
    );
    // Long before the work would have ended by itself.
    await expect.poll(() => steady()?.inFlight).toBe(0);
    expect(steady()).toMatchObject({ state: 'ready', restarts: 0 });
  });

  it('before it begins runs nothing', async () => {
    const manager = createFixtureKernel();
    await expect(manager.generateImage({ prompt }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'steady')?.state).toBe('idle');
  });
});

describe('the configuration', () => {
  it('switches a plugin off', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { enabled: false } } });
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'steady')?.state).toBe('disabled');
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({
      code: 'ERR_NO_ROUTE',
      message: expect.stringContaining('handled are: chaos'),
      hint: expect.stringContaining('plugins.steady.enabled'),
    });
  });

  it('names a pipeline type that takes over what nobody handles', async () => {
    const manager = createFixtureKernel({
      plugins: { chaos: { enabled: false } },
      fallbackPipelineType: 'steady',
    });
    const { warnings, provenance } = await manager.generateImage({ prompt, model: 'chaos-one' });
    expect(provenance).toMatchObject({
      plugin: { id: 'steady' },
      pipelineType: 'steady',
      model: 'chaos-one',
    });
    expect(warnings[0]?.message).toMatch(/fallback "steady"/);
  });

  it('is read from a file, whose folders are relative to it', async () => {
    const folder = await temporaryFolder();
    await symlink(fixtures('plugins'), join(folder, 'mine'));
    const configFile = join(folder, 'easel.config.json');
    await writeFile(
      configFile,
      // As editors on Windows write it.
      `\uFEFF${JSON.stringify({ pluginFolders: ['mine'], catalogueFolders: [fixtures('catalogue')] }, null, 2)}`.replaceAll(
        '\n',
        '\r\n',
      ),
    );
    const environment = { CHAOS_KEY: fixtureSecret };
    const manager = createImageServiceManager({ bundled: false, configFile, environment });
    onTestFinished(async () => void (await manager.close()));
    expect(manager.getAvailableModels().map(({ available }) => available)).toEqual([true, true]);
  });

  it.each([
    ['is not JSON', '{', /cannot be read/],
    ['has a comment', '{\n  // mine\n}', /line 2.*; JSON has no comments/],
    ['has a comma too many', '{\n"plugins": {},\n}', /line 3.*; JSON has no comma behind the last value/],
    ['has a key that does not exist', '{"plugin":{}}', /plugin/],
    ['has a value of the wrong kind', '{"plugins":{"steady":{"enabled":"yes"}}}', /plugins\.steady\.enabled/],
  ])('that %s is refused with its path', async (_, text, message) => {
    const configFile = join(await temporaryFolder(), 'easel.config.json');
    await writeFile(configFile, text);
    expect(() => createImageServiceManager({ configFile })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('discovery', () => {
  const manifest = {
    id: 'broken',
    version: '1.0.0',
    sdk: '^0.1.0',
    entry: 'index.js',
    handles: [{ type: 'broken' }],
  };

  it.each([
    ['is not JSON', '{', 'ERR_MANIFEST_INVALID', /is not JSON/],
    ['lacks a field', JSON.stringify({ ...manifest, handles: undefined }), 'ERR_MANIFEST_INVALID', /handles/],
    [
      'names an entry that does not exist',
      JSON.stringify({ ...manifest, entry: 'no.js' }),
      'ERR_MANIFEST_INVALID',
      /there is no file "no.js"/,
    ],
    [
      'names an entry outside of its folder',
      JSON.stringify({ ...manifest, entry: '../outside.js' }),
      'ERR_MANIFEST_INVALID',
      /outside/,
    ],
    [
      'was written for another contract',
      JSON.stringify({ ...manifest, sdk: '^9.0.0' }),
      'ERR_API_INCOMPATIBLE',
      /\^9\.0\.0/,
    ],
    [
      'speaks another protocol',
      JSON.stringify({ ...manifest, protocols: [7] }),
      'ERR_API_INCOMPATIBLE',
      /protocol 7/,
    ],
  ])('rejects a plugin whose manifest %s, and uses the others', async (_, text, code, message) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'broken'));
    await writeFile(join(folder, 'broken', 'plugin.json'), text);
    await writeFile(join(folder, 'broken', 'index.js'), 'throw new Error("must not run")');
    await writeFile(join(folder, 'outside.js'), '');
    const manager = createFixtureKernel({ pluginFolders: [folder, fixtures('plugins')] });
    expect(manager.getServiceHealth()).toMatchObject({
      status: 'degraded',
      problems: [{ code, message: expect.stringMatching(message) }],
    });
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);
  });

  it('reports a catalogue file that cannot be used, and uses the others', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'half.json'), '{"id": "half"');
    await writeFile(join(folder, 'wrong.json'), '{"id": "Wrong One"}');
    const manager = createFixtureKernel({ catalogueFolders: [folder, fixtures('catalogue')] });
    expect(manager.getServiceHealth().problems.map(({ code }) => code)).toEqual([
      'ERR_CATALOGUE_INVALID',
      'ERR_CATALOGUE_INVALID',
    ]);
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);
  });
});
