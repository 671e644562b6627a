import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createImageServiceManager, type ImageServiceManager, type KernelOptions } from '@easel/core';
import { definePlugin, type ModelInput } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { easel } from '../cli/easel.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

/** A host's project outside of the repository, from where nothing of it is found. */
function createProject(files: Readonly<Record<string, string | object>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'easel-project-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const code = (says: string) => `
  import { definePlugin } from '@easel/plugin-sdk';
  import { z } from 'zod';
  const bytes = Uint8Array.from(Buffer.from('${Buffer.from(onePixelPng).toString('base64')}', 'base64'));
  export default definePlugin({
    config: z.strictObject({ greeting: z.string().default('none') }),
    options: z.strictObject({}),
    async start({ config }) {
      return { generate: async () => ({
        images: [{ bytes, mediaType: 'image/png', width: 1, height: 1 }],
        parameters: { says: '${says}', greeting: config.greeting },
      }) };
    },
  });`;
const manifest = (id: string) => ({
  ...{ id, version: '1.0.0', sdk: '^0.1.0', entry: 'index.js' },
  handles: [{ type: id }],
});
const model = (id: string): ModelInput => ({
  ...{ id, name: id, pipelineType: id, source: { type: 'provider', id } },
  defaults: { width: 8, height: 8 },
  supports: { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1 },
});
/** The files of a plugin, in a folder. */
const plugin = (folder: string, id: string, says = folder) => ({
  [`${folder}/plugin.json`]: manifest(id),
  [`${folder}/index.js`]: code(says),
});
/** Those of a package that is a plugin and brings its model. */
const pluginPackage = (name: string, id: string, folder = `node_modules/${name}`) => ({
  ...plugin(folder, id, name),
  [`${folder}/package.json`]: { name, version: '1.0.0', type: 'module', easel: { catalogue: 'models' } },
  [`${folder}/models/${id}.json`]: model(id),
});

function createKernel(folder: string, options: KernelOptions): ImageServiceManager {
  const configuration = { storageFolder: join(folder, 'storage'), ...options.configuration };
  const manager = createImageServiceManager({ bundled: false, folder, ...options, configuration });
  onTestFinished(async () => void (await manager.close()));
  return manager;
}

const ask = async (manager: ImageServiceManager, id: string) =>
  (await manager.generateImage({ model: id, prompt: 'anything' })).provenance.parameters as unknown;

describe('a plugin that is named', () => {
  it('by its package is found from the host’s folder, with its models and its settings', async () => {
    const folder = createProject({
      ...pluginPackage('@acme/easel-swatch', 'swatch'),
      ...pluginPackage('easel-plugin-ink', 'ink'),
    });
    const manager = createKernel(folder, {
      configuration: {
        plugins: { '@acme/easel-swatch': { options: { greeting: 'hello' } }, 'easel-plugin-ink': {} },
      },
    });
    expect(manager.getServiceHealth().problems).toEqual([]);
    expect(await ask(manager, 'swatch')).toMatchObject({ says: '@acme/easel-swatch', greeting: 'hello' });
    expect(await ask(manager, 'ink')).toMatchObject({ says: 'easel-plugin-ink' });
  });

  it('by a package that pnpm or a workspace has linked is found where it lies', async () => {
    const store = 'node_modules/.pnpm/easel-swatch@1.0.0/node_modules/easel-swatch';
    const folder = createProject({
      ...pluginPackage('easel-swatch', 'swatch', store),
      ...pluginPackage('@workspace/ink', 'ink', 'packages/ink'),
    });
    mkdirSync(join(folder, 'node_modules/@workspace'));
    symlinkSync(
      join('.pnpm/easel-swatch@1.0.0/node_modules/easel-swatch'),
      join(folder, 'node_modules/easel-swatch'),
    );
    symlinkSync('../../packages/ink', join(folder, 'node_modules/@workspace/ink'));
    const manager = createKernel(folder, { plugins: ['easel-swatch', '@workspace/ink'] });
    expect(await ask(manager, 'swatch')).toMatchObject({ says: 'easel-swatch' });
    expect(await ask(manager, 'ink')).toMatchObject({ says: '@workspace/ink' });
  });

  it('by the path of its folder needs no node_modules: the SDK is the kernel’s', async () => {
    const folder = createProject(plugin('providers/any-name', 'swatch'));
    const manager = createKernel(folder, { plugins: ['./providers/any-name'], models: [model('swatch')] });
    expect(await ask(manager, 'swatch')).toMatchObject({ says: 'providers/any-name' });
  });

  it('in a thread finds the SDK as well', async () => {
    const folder = createProject(plugin('swatch', 'swatch'));
    writeFileSync(
      join(folder, 'swatch/plugin.json'),
      JSON.stringify({ ...manifest('swatch'), runtime: { isolation: 'thread' } }),
    );
    const manager = createKernel(folder, { plugins: ['./swatch'], models: [model('swatch')] });
    expect(await ask(manager, 'swatch')).toMatchObject({ says: 'swatch' });
  });

  it('gets no other package of the kernel', async () => {
    const folder = createProject(plugin('swatch', 'swatch'));
    writeFileSync(join(folder, 'swatch/index.js'), `import 'opossum';${code('no')}`);
    const manager = createKernel(folder, { plugins: ['./swatch'], models: [model('swatch')] });
    await expect(ask(manager, 'swatch')).rejects.toThrow(/Cannot find package 'opossum'/);
  });

  it.each([
    ['@acme/none', /there is no package "@acme\/none" with a plugin.json; it was looked for from/],
    ['left-pad', /there is no package "left-pad" with a plugin.json/],
    ['./nowhere', /"\.\/nowhere" is not a folder of a plugin/],
  ])('%s, and is not there, is refused', (name, message) => {
    const folder = createProject({ 'node_modules/left-pad/package.json': { name: 'left-pad' } });
    expect(() => createKernel(folder, { plugins: [name] })).toThrow(message);
  });

  it('twice in the configuration is refused', () => {
    const folder = createProject(pluginPackage('@acme/easel-swatch', 'swatch'));
    expect(() =>
      createKernel(folder, { configuration: { plugins: { '@acme/easel-swatch': {}, swatch: {} } } }),
    ).toThrow(/"@acme\/easel-swatch" and "swatch" are the same plugin, swatch/);
  });

  it('is switched off under the name that the file has for it', async () => {
    const folder = createProject({
      ...pluginPackage('@acme/easel-swatch', 'swatch'),
      'easel.config.json': { plugins: { '@acme/easel-swatch': { options: { greeting: 'hello' } } } },
    });
    expect(await easel(folder, ['plugins', 'disable', 'swatch'])).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'easel.config.json'), 'utf8'))).toEqual({
      plugins: { '@acme/easel-swatch': { options: { greeting: 'hello' }, enabled: false } },
    });
  });
});

describe('a plugin that is given by value', () => {
  const given = (id: string, version = '1.0.0') =>
    definePlugin({
      manifest: { id, version, handles: [{ type: id }] },
      config: z.strictObject({ greeting: z.string().default('none') }),
      options: z.strictObject({}),
      async start({ config }) {
        return {
          generate: async () => ({
            images: [{ bytes: onePixelPng, mediaType: 'image/png', width: 1, height: 1 }],
            parameters: { says: 'a value', greeting: config.greeting, pid: process.pid },
          }),
        };
      },
    });

  it('runs inside of the host, with its settings and models', async () => {
    const manager = createKernel(createProject(), {
      plugins: [given('swatch')],
      models: [model('swatch')],
      configuration: { plugins: { swatch: { options: { greeting: 'hello' } } } },
    });
    const expected = { says: 'a value', greeting: 'hello', pid: process.pid };
    expect(await ask(manager, 'swatch')).toMatchObject(expected);
    await manager.reloadPlugin('swatch');
    expect(await ask(manager, 'swatch')).toMatchObject(expected);
    expect(manager.getServiceHealth().problems).toEqual([]);
  });

  it('stays while its host watches the disk', async () => {
    const folder = createProject();
    const configFile = join(folder, 'easel.config.json');
    writeFileSync(configFile, JSON.stringify({ storageFolder: join(folder, 'storage') }));
    const options = { configFile, hotLoad: true, plugins: [given('swatch')], models: [model('swatch')] };
    const manager = createImageServiceManager({ bundled: false, ...options });
    onTestFinished(async () => void (await manager.close()));
    const plugins = { swatch: { options: { greeting: 'anew' } } };
    writeFileSync(configFile, JSON.stringify({ storageFolder: join(folder, 'storage'), plugins }));
    await expect.poll(() => ask(manager, 'swatch')).toMatchObject({ says: 'a value', greeting: 'anew' });
    expect(manager.getServiceHealth().problems).toEqual([]);
  });

  it.each([
    [{ manifest: undefined }, /it has no manifest/],
    [{ manifest: { id: 'Swatch', handles: [{ type: 'swatch' }] } }, /id: must be kebab-case/],
    [
      { manifest: { id: 'swatch', handles: [{ type: 'swatch' }], runtime: { isolation: 'process' } } },
      /runs inside/,
    ],
  ])('and has a wrong manifest is refused: %j', (change, message) => {
    const wrong = { ...given('swatch'), ...change } as ReturnType<typeof given>;
    expect(() => createKernel(createProject(), { plugins: [wrong] })).toThrow(message);
  });
});

describe('a host that changes its working directory', () => {
  it('keeps its plugins, models and settings', async () => {
    const folder = createProject({
      ...plugin('plugins/swatch', 'swatch'),
      'models/catalogue/swatch.json': model('swatch'),
      'easel.config.json': { storageFolder: 'storage' },
    });
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const manager = createImageServiceManager({ bundled: false, hotLoad: true });
    onTestFinished(async () => void (await manager.close()));
    process.chdir(tmpdir());
    const plugins = { swatch: { options: { greeting: 'anew' } } };
    writeFileSync(join(folder, 'easel.config.json'), JSON.stringify({ storageFolder: 'storage', plugins }));
    await expect.poll(() => ask(manager, 'swatch')).toMatchObject({ greeting: 'anew' });
    expect(manager.getServiceHealth().plugins.map(({ id }) => id)).toEqual(['swatch']);
  });
});
