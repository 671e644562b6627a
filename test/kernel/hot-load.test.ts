import { spawnSync } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { ownMark } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { isRunning } from '../fixtures/is-running.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));
const prompt = 'a fixture';

interface World {
  readonly manager: ImageServiceManager;
  readonly folder: string;
  /** Names of the copies of plugins that there are. */
  copies(): Promise<string[]>;
  /** Writes `swatch` in a version that says its number. */
  install(version: string, code?: string): Promise<void>;
  health(): ReturnType<ImageServiceManager['getServiceHealth']>['plugins'][number] | undefined;
}

const manifest = (version: string) => ({
  id: 'swatch',
  version,
  sdk: '^0.1.0',
  entry: 'index.js',
  handles: [{ type: 'swatch' }],
});
const code = (version: string) => `
  import { definePlugin } from '@easel/plugin-sdk';
  import { z } from 'zod';
  const bytes = Uint8Array.from(Buffer.from('${Buffer.from(onePixelPng).toString('base64')}', 'base64'));
  export default definePlugin({
    config: z.strictObject({ greeting: z.string().default('none') }),
    options: z.strictObject({ delayMs: z.int().default(0) }),
    async start({ config }) {
      return { async generate(request, { options }) {
        await new Promise((resolve) => setTimeout(resolve, options.delayMs));
        return { images: [{ bytes, mediaType: 'image/png', width: 1, height: 1 }], parameters: { saidBy: '${version}', greeting: config.greeting } };
      } };
    },
  });`;

/**
 * A kernel that watches a folder of its own, inside of the repository so that plugins there find their
 * packages.
 */
async function createWorld({
  onLine = () => {},
  runtime = {},
}: {
  readonly onLine?: (line: string) => void;
  readonly runtime?: Readonly<Record<string, unknown>>;
} = {}): Promise<World> {
  const folder = await mkdtemp(join(fixtures('..'), '.hot-'));
  const storageFolder = await mkdtemp(join(tmpdir(), 'easel-hot-'));
  const plugins = join(folder, 'plugins');
  await mkdir(plugins);
  await mkdir(join(folder, 'models'));
  const model = {
    id: 'swatch',
    name: 'Swatch',
    pipelineType: 'swatch',
    source: { type: 'provider', id: 'x' },
    defaults: { width: 64, height: 64 },
  };
  const supports = { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1 };
  await writeFile(join(folder, 'models/swatch.json'), JSON.stringify({ ...model, supports }));
  const configFile = join(folder, 'easel.config.json');
  await writeFile(
    configFile,
    JSON.stringify({ pluginFolders: ['plugins'], catalogueFolders: ['models'], storageFolder }),
  );
  const logger = { debug: onLine, info: onLine, warn: onLine, error: onLine };
  const manager = createImageServiceManager({ bundled: false, configFile, hotLoad: true, logger });
  onTestFinished(async () => {
    await manager.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  return {
    manager,
    folder,
    copies: () => readdir(join(storageFolder, 'generations')).catch(() => []),
    async install(version, text = code(version)) {
      await mkdir(join(plugins, 'swatch'), { recursive: true });
      await writeFile(join(plugins, 'swatch/index.js'), text);
      await writeFile(join(plugins, 'swatch/plugin.json'), JSON.stringify({ ...manifest(version), runtime }));
    },
    health: () => manager.getServiceHealth().plugins.find(({ id }) => id === 'swatch'),
  };
}

const saidBy = async (manager: ImageServiceManager): Promise<unknown> =>
  (await manager.generateImage({ prompt })).provenance.parameters;

const versionSchema = z.object({ saidBy: z.enum(['1.0.0', '2.0.0']) });

describe('hot loading', () => {
  it('serves a plugin that is dropped in, swaps it when it changes, and lets it go when it is removed', async () => {
    const { manager, folder, install, health } = await createWorld();
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code: 'ERR_NO_ROUTE' });

    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
    const pid = health()?.pid as number;

    await install('2.0.0');
    await expect.poll(() => health()?.version).toBe('2.0.0');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '2.0.0' });
    await expect.poll(() => isRunning(pid)).toBe(false);

    await rm(join(folder, 'plugins/swatch'), { recursive: true, maxRetries: 10 });
    await expect.poll(() => health()).toBeUndefined();
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code: 'ERR_NO_ROUTE' });
  });

  it.each([
    ['does not parse', 'const a = 1;\nconst b = ;\n', /SyntaxError: Unexpected token ';' \(index\.js:2\)/],
    ['imports what is not there', "import 'no-such-package';\n", /Cannot find package 'no-such-package'/],
    ['imports a name that is not there', "\nimport { no } from 'node:fs';\n", /named 'no' \(index\.js:2\)/],
    ['throws', "\nthrow new TypeError('no such thing');\n", /TypeError: no such thing \(index\.js:2:7\)/],
    [
      'exports no plugin',
      'export const nothing = 1;\n',
      /: The plugin "swatch": index\.js does not export a plugin/,
    ],
  ])('tells at once of a plugin that is dropped in and %s', async (_, text, message) => {
    const { manager, install, health } = await createWorld();
    const problems = () => manager.getServiceHealth().problems.map((problem) => problem.message);
    await install('1.0.0', text);
    await expect.poll(problems).toEqual([expect.stringMatching(message)]);
    expect(health()).toBeUndefined();
    await install('1.0.1');
    await expect.poll(() => health()?.version).toBe('1.0.1');
    await expect.poll(problems).toEqual([]);
  });

  it('tells of a plugin that is dropped in and never finishes loading', async () => {
    const { manager, install, health } = await createWorld({ runtime: { startMs: 1_000 } });
    await install('1.0.0', 'setInterval(() => {}, 1000); await new Promise(() => {});');
    await expect
      .poll(() => manager.getServiceHealth().problems.map(({ message }) => message))
      .toEqual([expect.stringMatching(/did not start within 1000 ms/)]);
    expect(health()).toBeUndefined();
  });

  it('starts what is dropped in, and tells in its health why it does not start', async () => {
    const { install, health } = await createWorld();
    await install('1.0.0', code('1.0.0').replace('return {', "throw new Error('no licence');\nreturn {"));
    await expect.poll(() => health()?.lastError?.message).toMatch(/no licence \(index\.js:\d+:\d+\)/);
  });

  it('loses no request while it swaps, and finishes those that the old version has', async () => {
    const { manager, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await manager.generateImage({ prompt });
    const slow = manager.generateImage({ prompt, providerOptions: { swatch: { delayMs: 1_500 } } });
    await expect.poll(() => health()?.inFlight).toBe(1);

    let isDone = false;
    const answered = { '1.0.0': 0, '2.0.0': 0 };
    const load = (async () => {
      while (!isDone) {
        const { provenance } = await manager.generateImage({ prompt });
        answered[versionSchema.parse(provenance.parameters).saidBy] += 1;
      }
    })();
    await install('2.0.0');
    await expect.poll(() => answered['2.0.0']).toBeGreaterThan(20);
    isDone = true;
    await load;
    expect(answered['1.0.0']).toBeGreaterThan(20);
    expect((await slow).provenance.parameters).toMatchObject({ saidBy: '1.0.0' });
  });

  it.each([
    ['does not start', 'throw new Error("half an edit");', /not taken: .*half an edit/],
    ['is not JavaScript', 'export default {{', /not taken/],
    ['exports nothing', '', /not taken/],
  ])(
    'keeps the version that works when the new one %s, says why, and takes the next good one',
    async (_, broken, message) => {
      const { manager, install, health } = await createWorld();
      await install('1.0.0');
      await expect.poll(() => health()?.version).toBe('1.0.0');
      await manager.generateImage({ prompt });

      await install('2.0.0', broken);
      await expect.poll(() => manager.getServiceHealth().problems[0]?.message).toMatch(message);
      expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
      expect(manager.getServiceHealth().status).toBe('degraded');
      await install('1.0.0');
      await expect.poll(() => manager.getServiceHealth().problems).toEqual([]);
      expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });

      await install('3.0.0');
      await expect.poll(() => health()?.version).toBe('3.0.0');
      expect(manager.getServiceHealth()).toMatchObject({ status: 'ok', problems: [] });
    },
  );

  it('keeps a plugin whose manifest is broken for a while, and says so once in the log', async () => {
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);
    const { manager, folder, install, health } = await createWorld({ onLine });
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    const problem = () => manager.getServiceHealth().problems.map(({ message }) => message);
    const isNotJson = [expect.stringMatching(/swatch.plugin\.json: is not JSON/) as unknown];
    // As a whole: a file that is half written would be another problem.
    await writeFile(join(folder, 'broken.json'), '{ "id": "swatch", ');
    await rename(join(folder, 'broken.json'), join(folder, 'plugins/swatch/plugin.json'));
    await expect.poll(problem).toEqual(isNotJson);
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
    // Everything is looked at again.
    await rm(join(folder, 'models/swatch.json'));
    await expect.poll(async () => (await manager.getAvailableModels()).length).toBe(0);
    await manager.close();
    expect(lines.filter((line) => line.includes('plugin.json'))).toEqual(problem());
  });

  it('reports what is on disk now, not a version that was refused and is there no longer', async () => {
    const { manager, folder, install, health } = await createWorld();
    const problems = () => manager.getServiceHealth().problems.map(({ message }) => message);
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await manager.generateImage({ prompt });
    await install('2.0.0', 'this is not JavaScript');
    await expect.poll(problems).toEqual([expect.stringMatching(/2\.0\.0 .* not taken/)]);
    await writeFile(join(folder, 'plugins/swatch/plugin.json'), '{ "id": "swatch", ');
    await expect.poll(problems).toEqual([expect.stringMatching(/is not JSON/)]);
  });

  it('closes while a version hangs in its start', async () => {
    const lines: string[] = [];
    const { manager, install, health } = await createWorld({ onLine: (line) => lines.push(line) });
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await manager.generateImage({ prompt });
    const hanging = "console.log('it hangs'); setInterval(() => {}, 1000); await new Promise(() => {});";
    await install('2.0.0', hanging);
    await expect.poll(() => lines.join('\n')).toContain('it hangs');
    const startedAt = performance.now();
    await manager.close();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('takes a version that crashes in its first minute back, and does not try it again until it has changed', async () => {
    const { manager, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await manager.generateImage({ prompt });
    await install(
      '2.0.0',
      code('2.0.0').replace('await new Promise(', 'process.exit(7); await new Promise('),
    );
    await expect.poll(() => health()?.version).toBe('2.0.0');

    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
    await expect.poll(() => health()?.version).toBe('1.0.0');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
    await expect
      .poll(() => manager.getServiceHealth().problems.map(({ message }) => message))
      .toEqual([expect.stringMatching(/version 2\.0\.0 .* was not taken: .*exited with status 7/)]);

    await install('2.0.1');
    await expect.poll(() => health()?.version).toBe('2.0.1');
    await expect.poll(() => manager.getServiceHealth().problems).toEqual([]);
  });

  it('runs a version from a copy of its own, which goes with it', async () => {
    const { manager, folder, copies, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    const [running] = await copies();
    expect(running).toMatch(/^swatch@/);
    // Not started yet: what it will be is what was there when it was found.
    await writeFile(join(folder, 'plugins/swatch/index.js'), 'throw new Error("half an edit")');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
    await install('2.0.0');
    await expect.poll(() => health()?.version).toBe('2.0.0');
    await expect.poll(copies).not.toContain(running);
    expect(await readdir(join(folder, 'plugins'))).toEqual(['swatch']);
    await manager.close();
    expect(await copies()).toEqual([]);
  });

  it('finds from its copy the packages that it finds from its folder', async () => {
    const { manager, folder, install, health } = await createWorld();
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    };
    const manifestOf = (name: string) => JSON.stringify({ name, type: 'module', exports: './index.js' });
    for (const [path, name] of [
      ['plugins/swatch/node_modules/own', 'own'],
      ['node_modules/beside', 'beside'],
      ['linked', 'linked'],
    ] as const) {
      await write(`${path}/package.json`, manifestOf(name));
      await write(
        `${path}/index.js`,
        `import { z } from 'zod'; export default typeof z.string + '-${name}';`,
      );
    }
    await symlink('../linked', join(folder, 'node_modules/linked'));
    await write('package.json', JSON.stringify({ type: 'commonjs' }));
    await write('plugins/package.json', JSON.stringify({ type: 'module', dependencies: { linked: '*' } }));
    const imports = ['own', 'beside', 'linked'].map((name) => `import ${name} from '${name}';`).join('\n');
    const found = imports + code('1.0.0').replace("saidBy: '1.0.0'", 'saidBy: [own, beside, linked].join()');
    await install('1.0.0', found);
    await expect.poll(() => health()?.version).toBe('1.0.0');
    expect(await saidBy(manager)).toMatchObject({ saidBy: 'function-own,function-beside,function-linked' });
  });

  it('leaves no copy when it has closed', async () => {
    const { manager, install, health, copies } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await install('2.0.0');
    await expect.poll(() => health()?.version).toBe('2.0.0');
    expect(await copies()).not.toEqual([]);
    await manager.close();
    expect(await copies()).toEqual([]);
  });

  it('gives up copying when it closes', async () => {
    const { manager, install, folder, copies } = await createWorld();
    await manager.close();
    await install('1.0.0');
    const files = Array.from({ length: 3_000 }, (_, index) =>
      join(folder, `plugins/swatch/file-${index}.txt`),
    );
    await Promise.all(files.map((file) => writeFile(file, file)));
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    const configFile = join(folder, 'easel.config.json');
    const second = createImageServiceManager({ bundled: false, configFile, hotLoad: true, logger });
    await expect.poll(async () => (await copies())[0], { interval: 1, timeout: 60_000 }).toMatch(/\.new$/);
    await second.close();
    expect(await copies()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('copies nothing that only editors and debuggers read', async () => {
    const { install, folder, copies } = await createWorld();
    await mkdir(join(folder, 'plugins/swatch'));
    for (const name of ['index.d.ts', 'index.js.map', '.tsbuildinfo', 'tiles.map', 'kept.ts'])
      await writeFile(join(folder, 'plugins/swatch', name), name);
    await install('1.0.0');
    const { storageFolder } = JSON.parse(await readFile(join(folder, 'easel.config.json'), 'utf8'));
    const copied = async () => {
      const [copy = ''] = await copies();
      const all = await readdir(join(storageFolder, 'generations', copy), { recursive: true });
      return all.filter((path) => path.includes('swatch/') && !path.includes('node_modules'));
    };
    await expect
      .poll(async () => (await copied()).map((path) => path.replace(/^.*swatch\//, '')).sort())
      .toEqual(['index.js', 'kept.ts', 'plugin.json', 'tiles.map']);
  });

  it.each([
    ['as pnpm links packages', 'node_modules/.pnpm/swatch@1.0.0/node_modules/easel-swatch'],
    ['from another folder, as `npm link` does', 'elsewhere/easel-swatch'],
    ['without links', 'node_modules/easel-swatch'],
  ])('sees a package change that is installed %s', async (_, place) => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-linked-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
    const real = join(folder, place);
    const write = async (version: string) => {
      await mkdir(real, { recursive: true });
      await writeFile(join(real, 'index.js'), code(version));
      await writeFile(join(real, 'plugin.json'), JSON.stringify(manifest(version)));
    };
    await write('1.0.0');
    await writeFile(
      join(real, 'package.json'),
      '{"name": "easel-swatch", "version": "1.0.0", "type": "module"}',
    );
    const beside = join(dirname(real), 'zod');
    await mkdir(join(folder, 'node_modules'), { recursive: true });
    const zod = join(fixtures('..'), '../node_modules/zod');
    await symlink(zod, place.startsWith('node_modules') ? beside : join(folder, 'node_modules/zod'));
    const link = join(folder, 'node_modules/easel-swatch');
    if (link !== real) await symlink(real, link);
    const storageFolder = join(folder, 'storage');
    const manager = createImageServiceManager({
      ...{ bundled: false, folder, hotLoad: true },
      configuration: { storageFolder, plugins: { 'easel-swatch': {} } },
    });
    onTestFinished(async () => void (await manager.close()));
    const found = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'swatch');
    expect(found()?.version).toBe('1.0.0');
    await write('2.0.0');
    await expect.poll(() => found()?.version).toBe('2.0.0');
    expect(found()?.state).toBe('ready');
  });

  it('removes the copies of a kernel that has been killed, and none of one that lives', async () => {
    const storageFolder = await mkdtemp(join(tmpdir(), 'easel-hot-'));
    onTestFinished(() => rm(storageFolder, { recursive: true, force: true, maxRetries: 10 }));
    const nobody = spawnSync(process.execPath, ['--version']).pid;
    const { space, pid, startedAt } = ownMark();
    const names = {
      ended: `swatch@0123456789ab.${space}.${nobody}.77.0`,
      numberTakenAgain: `swatch@0123456789ab.${space}.${pid}.1.0`,
      halfCopied: `swatch@0123456789ab.${space}.${nobody}.77.1.new`,
      ofAnotherContainer: `swatch@0123456789ab.000000000000.${nobody}.77.2`,
      living: `swatch@0123456789ab.${space}.${pid}.${startedAt}.999`,
      livingInAnotherContainer: `swatch@0123456789ab.000000000000.${nobody}.77.3`,
    };
    const pathOf = (name: string) => join(storageFolder, 'generations', name);
    for (const name of Object.values(names)) await mkdir(join(pathOf(name), 'swatch'), { recursive: true });
    const aMinuteAgo = Date.now() / 1_000 - 60;
    await utimes(pathOf(names.ofAnotherContainer), aMinuteAgo, aMinuteAgo);
    const configuration = { pluginFolders: [], catalogueFolders: [], storageFolder };
    const manager = createImageServiceManager({ bundled: false, configuration, hotLoad: true });
    onTestFinished(async () => void (await manager.close()));
    await expect
      .poll(() => readdir(join(storageFolder, 'generations')).then((left) => left.sort()))
      .toEqual([names.livingInAnotherContainer, names.living].sort());
  });

  it('takes a folder that is renamed into place', async () => {
    const { folder, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    const staged = join(folder, 'staged');
    await cp(join(folder, 'plugins/swatch'), staged, { recursive: true });
    await writeFile(join(staged, 'plugin.json'), JSON.stringify(manifest('1.1.0')));
    await rename(join(folder, 'plugins/swatch'), join(folder, 'old'));
    await rename(staged, join(folder, 'plugins/swatch'));
    await expect.poll(() => health()?.version).toBe('1.1.0');
  });
});

describe('an edit of the configuration', () => {
  const edit = async (folder: string, change: (configuration: Record<string, unknown>) => unknown) => {
    const file = join(folder, 'easel.config.json');
    await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')))));
  };

  it('switches a plugin off and on within a second, and gives it new options', async () => {
    const { manager, folder, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await edit(folder, (configuration) => ({ ...configuration, plugins: { swatch: { enabled: false } } }));
    await expect.poll(() => health()?.state).toBe('disabled');
    await edit(folder, (configuration) => ({
      ...configuration,
      plugins: { swatch: { options: { greeting: 'hello' } } },
    }));
    await expect.poll(() => health()?.state).not.toBe('disabled');
    await expect.poll(() => saidBy(manager).catch(() => undefined)).toMatchObject({ greeting: 'hello' });
  });

  it('names a folder that is not there, and its plugins are taken when it is', async () => {
    const { manager, folder, health } = await createWorld();
    const later = join(folder, 'not/yet/there');
    const changed = new Promise((resolve) => manager.on('configuration-changed', resolve));
    await edit(folder, (configuration) => ({ ...configuration, pluginFolders: ['not/yet/there'] }));
    await changed;
    await mkdir(join(later, 'swatch'), { recursive: true });
    await writeFile(join(later, 'swatch/index.js'), code('1.0.0'));
    await writeFile(join(later, 'swatch/plugin.json'), JSON.stringify(manifest('1.0.0')));
    await expect.poll(() => health()?.version).toBe('1.0.0');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
  });

  it('that is broken is reported, and the last good one stays', async () => {
    const { manager, folder, install, health } = await createWorld();
    await install('1.0.0');
    await expect.poll(() => health()?.version).toBe('1.0.0');
    await writeFile(join(folder, 'easel.config.json'), '{ "plugins": ');
    await expect.poll(() => manager.getServiceHealth().problems[0]?.code).toBe('ERR_CONFIG_INVALID');
    expect(await saidBy(manager)).toMatchObject({ saidBy: '1.0.0' });
  });

  it('adds models, and makes another one the current one', async () => {
    const { manager, folder } = await createWorld();
    const file = join(folder, 'models/swatch.json');
    const model = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(join(folder, 'models/other.json'), JSON.stringify({ ...model, id: 'other' }));
    await expect.poll(() => manager.getAvailableModels().map(({ id }) => id)).toEqual(['other', 'swatch']);
    expect(manager.currentModel).toBe('swatch');
    await edit(folder, (configuration) => ({ ...configuration, currentModel: 'other' }));
    await expect.poll(() => manager.currentModel).toBe('other');
  });
});
