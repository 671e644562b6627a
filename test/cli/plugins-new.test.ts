import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { easel, workingFolder } from './easel.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** A new user's folder, Easel installed; what the tests have configured is not what a new user has. */
function newUsersFolder(): string {
  const folder = workingFolder();
  writeFileSync(join(folder, 'easel.config.json'), '{}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** What the command says to do with the model. */
function addToCatalogue(folder: string, id: string, pluginFolder = 'plugins'): void {
  mkdirSync(join(folder, 'models/catalogue'), { recursive: true });
  copyFileSync(join(folder, pluginFolder, id, 'model.json'), join(folder, `models/catalogue/${id}.json`));
}

const paint = async (folder: string, model: string) => {
  const { status, stdout, stderr } = await easel(folder, [
    ...['generate', 'a quiet evening', '--model', model, '--size', '40x24', '--seed', '7'],
    ...['--option', `${model}.angle=0`],
  ]);
  expect(status, stderr).toBe(0);
  return await sharp(join(folder, stdout.trim())).raw().toBuffer({ resolveWithObject: true });
};

/** The plugin's own test, by vitest, as its README says. */
const runSuite = (folder: string, plugin: string, ...words: string[]) =>
  run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', plugin, ...words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });

describe('easel plugins new', () => {
  it('writes a plugin that paints at once, says what to do next, and passes the suite', async () => {
    const folder = newUsersFolder();
    const { status, stdout } = await easel(folder, ['plugins', 'new', 'quiet-evening']);
    expect(status).toBe(0);
    expect(stdout).toContain('plugins/quiet-evening: README.md, index.js, model.json');
    expect(stdout).toContain('cp plugins/quiet-evening/model.json models/catalogue/quiet-evening.json');
    expect(stdout).not.toContain('pluginFolders');
    addToCatalogue(folder, 'quiet-evening');
    const { data, info } = await paint(folder, 'quiet-evening');
    expect(info).toMatchObject({ width: 40, height: 24 });
    expect(data.subarray(0, 3)).not.toEqual(data.subarray(39 * 3, 40 * 3));
    expect((await runSuite(folder, 'plugins/quiet-evening')).stdout).toMatch(/Tests .*15 passed/);
    expect(await easel(folder, ['plugins', 'check', 'plugins/quiet-evening'])).toMatchObject({ status: 0 });
    expect((await easel(folder, ['plugins', '--own-kernel'])).stdout).toMatch(
      /^quiet-evening +0\.1\.0 +quiet-evening +enabled$/m,
    );
  });

  it('writes one in TypeScript, for another folder, that works when it is built', async () => {
    const folder = newUsersFolder();
    const words = ['plugins', 'new', 'typed', '--language', 'ts', '--folder', 'own'];
    const { stdout } = await easel(folder, words);
    expect(stdout).toContain('npx tsc -p own/typed');
    expect(stdout).toContain('add "own" to "pluginFolders"');
    expect(readFileSync(join(folder, 'own/typed/README.md'), 'utf8')).toContain(
      'npx vitest run --root own/typed',
    );
    const unbuilt = await easel(folder, ['plugins', 'check', 'own/typed']);
    expect(unbuilt).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has the plugin been built?'),
    });

    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'own/typed'], {
      cwd: folder,
    });
    writeFileSync(join(folder, 'easel.config.json'), JSON.stringify({ pluginFolders: ['own'] }));
    addToCatalogue(folder, 'typed', 'own');
    expect((await paint(folder, 'typed')).info).toMatchObject({ width: 40, height: 24 });
    expect((await runSuite(folder, 'own/typed')).stdout).toMatch(/Tests .*15 passed/);

    const skip = "skip: [{ reason: 'it is a demonstration', tests: ['classifies its errors'] }],";
    const test = join(folder, 'own/typed/src/plugin.test.ts');
    writeFileSync(test, readFileSync(test, 'utf8').replace('refusedConfig', `${skip} refusedConfig`));
    const { stdout: skipped } = await runSuite(folder, 'own/typed', '--reporter=verbose');
    expect(skipped).toMatch(/Tests .*14 passed.*1 skipped/);
    expect(skipped).toContain('classifies its errors (skipped: it is a demonstration)');
  });

  it.each(['js', 'ts'] as const)('writes a provider over HTTP in %s, with an emulator', async (language) => {
    const folder = newUsersFolder();
    const words = ['--template', 'http', '--language', language];
    const { stdout } = await easel(folder, ['plugins', 'new', 'my-provider', ...words]);
    expect(stdout).toContain('easel emulate my-provider');
    if (language === 'ts') {
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      await run(
        process.execPath,
        [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'plugins/my-provider'],
        {
          cwd: folder,
        },
      );
    }
    expect((await runSuite(folder, 'plugins/my-provider')).stdout).toMatch(/Tests .*15 passed/);
    expect(await easel(folder, ['plugins', 'check', 'plugins/my-provider'])).toMatchObject({ status: 0 });
    const manifest = JSON.parse(readFileSync(join(folder, 'plugins/my-provider/plugin.json'), 'utf8'));
    expect(manifest.permissions.secrets).toEqual(['MY_PROVIDER_API_KEY']);
  });

  it('says what its commands need where that is not installed', async () => {
    const folder = workingFolder();
    const { stdout } = await easel(folder, ['plugins', 'new', 'bare', '--language', 'ts']);
    expect(stdout).toContain(
      'npm install --save-dev @easel/plugin-sdk zod sharp vitest typescript @types/node',
    );
  });

  it('works in a repository whose own tests are elsewhere', async () => {
    const folder = newUsersFolder();
    const only = "export default { test: { include: ['test/**/*.test.ts'] } };";
    writeFileSync(join(folder, 'vitest.config.js'), only);
    await easel(folder, ['plugins', 'new', 'guest']);
    expect((await runSuite(folder, 'plugins/guest')).stdout).toMatch(/Tests .*15 passed/);
  });

  it('leaves no name of the template in it', async () => {
    const folder = newUsersFolder();
    for (const [template, language] of [
      ['plugin', 'js'],
      ['plugin', 'ts'],
      ['http', 'js'],
      ['http', 'ts'],
    ] as const) {
      const flags = ['--language', language, '--template', template, '--json'];
      const answer = await easel(folder, ['plugins', 'new', `in-${template}${language}`, ...flags]);
      const { folder: written, files } = JSON.parse(answer.stdout) as { folder: string; files: string[] };
      expect(files).toEqual(
        expect.arrayContaining(['README.md', 'model.json', 'package.json', 'plugin.json']),
      );
      for (const file of files)
        expect(readFileSync(join(written, file), 'utf8')).not.toMatch(/(plugin|http)-[jt]s|HTTP_[JT]S/);
      const [, commands = ''] = readFileSync(join(written, 'README.md'), 'utf8').split(/```(?:sh)?\n/);
      const lines = commands.trim().split('\n');
      // What only npm has installed is no command of its own.
      for (const line of lines) expect(line).toMatch(/^(npm|npx|mkdir) /);
      expect(lines).toContainEqual(
        expect.stringMatching(/^npm install --save-dev @easel\/plugin-sdk zod sharp vitest/),
      );
      expect(lines).toContainEqual(expect.stringMatching(/^npx easel generate /));
    }
  });

  it.each([
    ['a bad id', ['Big_Plugin'], /"Big_Plugin" is not an id of a plugin: must be kebab-case/],
    ['a way out', ['../outside'], /is not an id of a plugin/],
    ['an unknown language', ['fine', '--language', 'py'], /Allowed choices are js, ts/],
    ['a folder that exists', ['taken'], /plugins.taken exists already/],
    ['a folder that takes none', ['fine', '--folder', '/proc'], /\/proc\/fine cannot be written \(\w+\)/],
  ])('refuses %s and writes nothing', async (_, words, message) => {
    const folder = newUsersFolder();
    mkdirSync(join(folder, 'plugins/taken'), { recursive: true });
    const { status, stderr } = await easel(folder, ['plugins', 'new', ...words]);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(readdirSync(join(folder, 'plugins'))).toEqual(['taken']);
    expect(readdirSync(join(folder, 'plugins/taken'))).toEqual([]);
    expect(existsSync(join(folder, 'outside'))).toBe(false);
  });
});

describe('easel plugins check', () => {
  it('tells every problem of a manifest, not only the first, and runs no code then', async () => {
    const folder = join(newUsersFolder(), 'troubled');
    mkdirSync(folder);
    const manifest = { id: 'other', version: 'one', sdk: '^99.0.0', protocols: [99], entry: '../out.js' };
    writeFileSync(join(folder, 'plugin.json'), JSON.stringify({ ...manifest, handles: [], surplus: true }));
    writeFileSync(join(folder, '../out.js'), 'process.exit(99);');
    const { status, stdout, stderr } = await easel(folder, ['plugins', 'check']);
    expect(status).toBe(1);
    expect(stdout).toContain('the kernel refuses it');
    for (const what of [
      'ERR_MANIFEST_INVALID: version: must be a semantic version',
      'ERR_MANIFEST_INVALID: handles: ',
      'ERR_MANIFEST_INVALID: Unrecognized key: "surplus"',
      'ERR_MANIFEST_INVALID: entry: "../out.js" is outside of the plugin\'s folder',
      'ERR_API_INCOMPATIBLE: The plugin "other" was written for @easel/plugin-sdk ^99.0.0',
      'ERR_API_INCOMPATIBLE: The plugin "other" speaks wire protocol 99',
    ])
      expect(stderr).toContain(what);
    expect(stderr.trimEnd().split('\n')).toHaveLength(6);
  });

  it.each([
    ['a syntax error with its place', 'export default {\n  a: ;\n};\n', /SyntaxError: .* \(index\.js:2\)$/],
    [
      'a missing package',
      "import 'no-such-package';\n",
      /Cannot find package 'no-such-package' imported from index\.js$/,
    ],
    ['an export that is no plugin', 'export default 1;\n', /does not export a plugin.*definePlugin/],
  ])('loads the code, and tells of %s', async (_, text, message) => {
    const folder = newUsersFolder();
    await easel(folder, ['plugins', 'new', 'broken']);
    writeFileSync(join(folder, 'plugins/broken/index.js'), text);
    const { status, stdout } = await easel(folder, ['plugins', 'check', 'plugins/broken', '--json']);
    expect(status).toBe(1);
    const code = 'ERR_PLUGIN_START_FAILED';
    expect(JSON.parse(stdout).problems).toEqual([{ code, message: expect.stringMatching(message) }]);
  });

  it('finds a plugin by its id, and all that are in a folder', async () => {
    const folder = newUsersFolder();
    await easel(folder, ['plugins', 'new', 'painter']);
    await easel(folder, ['plugins', 'new', 'broken']);
    writeFileSync(join(folder, 'plugins/broken/plugin.json'), '{');
    const byId = await easel(folder, ['plugins', 'check', 'painter']);
    expect(byId.stdout).toMatch(/^\S+plugins.painter: the kernel takes it\.\n$/);
    expect(byId.status).toBe(0);
    const rejected = await easel(folder, ['plugins', 'check', 'broken', '--json']);
    expect(JSON.parse(rejected.stdout).folder).toMatch(/plugins.broken$/);
    const all = await easel(folder, ['plugins', 'check', 'plugins']);
    expect(all.stdout).toMatch(
      /plugins.broken: the kernel refuses it\.\n.*plugins.painter: the kernel takes it/,
    );
    expect(all.status).toBe(1);
  });

  it.each([
    ['nothing', undefined, /cannot be read \(ENOENT\)/],
    ['no JSON', '{', /is not JSON/],
    ['no object', '[]', /expected object/],
  ])('tells of %s where the manifest should be', async (_, text, message) => {
    const folder = newUsersFolder();
    if (text !== undefined) writeFileSync(join(folder, 'plugin.json'), text);
    const { status, stdout } = await easel(folder, ['plugins', 'check', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).problems).toContainEqual({
      code: 'ERR_MANIFEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

const template = (path: string) => new URL(`../../core/templates/plugin-js/${path}`, import.meta.url);
testPlugin({ name: 'the template itself', folder: template(''), model: readModel(template('model.json')) });
