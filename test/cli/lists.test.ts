import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { easel, workingFolder } from './easel.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

/**
 * A working directory with a plugin that cannot be read, a model file that cannot be read, a model of nobody,
 * and a disabled plugin.
 */
function troubledFolder(): string {
  const folder = workingFolder({ plugins: { chaos: { enabled: false } } });
  mkdirSync(join(folder, 'plugins/broken'), { recursive: true });
  writeFileSync(join(folder, 'plugins/broken/plugin.json'), '{ "id": "broken", ');
  mkdirSync(join(folder, 'catalogue'));
  writeFileSync(join(folder, 'catalogue/bad.json'), '{}');
  const orphan = {
    id: 'orphan-one',
    name: 'orphan',
    pipelineType: 'nobodys',
    source: { type: 'provider', id: 'x' },
    defaults: { width: 64, height: 64 },
    supports: { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1 },
  };
  writeFileSync(join(folder, 'catalogue/orphan.json'), JSON.stringify(orphan));
  return folder;
}
const lineOf = (stdout: string, start: string) => stdout.split('\n').find((line) => line.startsWith(start));

describe('easel models', () => {
  it('says which is current, which can be used, and why the others cannot', async () => {
    const { status, stdout, stderr } = await easel(troubledFolder(), ['models']);
    expect(status).toBe(0);
    expect(lineOf(stdout, 'steady-one ')).toMatch(/64x64 +8-1024, by 8 +current, available, by steady$/);
    expect(lineOf(stdout, 'chaos-one ')).toMatch(/not available: its plugin chaos is disabled$/);
    expect(lineOf(stdout, 'orphan-one ')).toMatch(/not available: no plugin handles "nobodys"$/);
    expect(stderr).toMatch(/cannot be used: .*bad\.json/);
    const [heading = '', ...rows] = stdout.trimEnd().split('\n');
    for (const row of rows) expect(row[heading.indexOf('STATUS') - 1], row).toBe(' ');
  });

  it('answers JSON', async () => {
    const answer = JSON.parse((await easel(troubledFolder(), ['models', '--json'])).stdout);
    expect(answer).toMatchObject({
      currentModel: 'steady-one',
      models: expect.arrayContaining([
        expect.objectContaining({ id: 'steady-one', available: true, current: true, plugin: 'steady' }),
        expect.objectContaining({ id: 'orphan-one', available: false, current: false }),
      ]),
      problems: [{ code: 'ERR_CATALOGUE_INVALID' }],
    });
  });
});

describe('easel plugins', () => {
  it('shows what is enabled, disabled, and rejected with the reason', async () => {
    const { status, stdout } = await easel(troubledFolder(), ['plugins', '--own-kernel']);
    expect(status).toBe(0);
    expect(lineOf(stdout, 'steady ')).toMatch(/1\.2\.3 +steady +enabled$/);
    expect(lineOf(stdout, 'chaos ')).toMatch(/disabled, by the configuration$/);
    expect(stdout).toMatch(/Rejected:\n[\s\S]*ERR_MANIFEST_INVALID {2}.*broken.plugin\.json: is not JSON/);
  });

  it.each([
    ['plugins', 'steady'],
    ['plugins', 'list', 'steady'],
  ])('%s %s lists the one that is named', async (...words) => {
    const { status, stdout } = await easel(workingFolder(), [...words, '--own-kernel']);
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ID /),
      expect.stringMatching(/^steady /),
    ]);
  });

  it('names what there is where it is asked for something else', async () => {
    const { status, stderr } = await easel(workingFolder(), ['plugins', 'nobody', '--own-kernel']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/no plugin "nobody"; there are: .*steady[\s\S]*plugins --help/);
  });

  it('answers JSON', async () => {
    const answer = JSON.parse((await easel(troubledFolder(), ['plugins', '--json', '--own-kernel'])).stdout);
    expect(answer.plugins).toContainEqual({
      id: 'chaos',
      version: '1.0.0',
      enabled: false,
      configured: true,
      pipelineTypes: ['chaos'],
    });
    expect(answer.rejected).toContainEqual({
      code: 'ERR_MANIFEST_INVALID',
      message: expect.stringContaining('broken'),
    });
  });
});

describe('easel explain', () => {
  it('tells who would be asked, and why nobody would', async () => {
    const folder = workingFolder();
    const { status, stdout } = await easel(folder, ['explain', 'steady-one', '--own-kernel']);
    expect(status).toBe(0);
    expect(lineOf(stdout, '1 ')).toMatch(
      /^1 +steady +steady-one +steady +0 +1 +0 \+ 0 +its priority is 0 +-$/,
    );
    const answer = await easel(troubledFolder(), [
      'explain',
      '--model',
      'chaos-one',
      '--json',
      '--own-kernel',
    ]);
    expect(answer.status).toBe(1);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      error: { code: 'ERR_NO_ROUTE', hint: expect.stringContaining('chaos') },
    });
  });
});

describe('easel health', () => {
  it('is degraded, with status 1, where something cannot be used', async () => {
    const { status, stdout } = await easel(troubledFolder(), ['health', '--own-kernel']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^status: degraded\n/);
    expect(lineOf(stdout, 'steady ')).toMatch(/idle +steady closed +0 +0 +0 +-$/);
    expect(stdout).toContain('ERR_CATALOGUE_INVALID');
  });

  it('answers JSON', async () => {
    const answer = JSON.parse((await easel(troubledFolder(), ['health', '--json', '--own-kernel'])).stdout);
    expect(answer).toMatchObject({ status: 'degraded', plugins: expect.any(Array) });
  });
});

describe('easel', () => {
  it('explains itself, and loads nothing for it that only its commands need', async () => {
    const folder = workingFolder();
    // V8 writes down which scripts have run.
    const environment = { NODE_V8_COVERAGE: join(folder, 'coverage') };
    const { status, stdout } = await easel(folder, ['--help'], undefined, environment);
    expect(status).toBe(0);
    expect(stdout).toContain('easel generate "a yellow star at night"');
    expect(stdout).toContain('easel.config.json');
    const [coverage = ''] = readdirSync(environment.NODE_V8_COVERAGE);
    const scripts = readFileSync(join(environment.NODE_V8_COVERAGE, coverage), 'utf8');
    expect(scripts).toMatch(/node_modules\/commander/);
    expect(scripts).not.toMatch(
      /node_modules\/(fastify|sharp|tsyringe|chokidar|opossum|zod)\/|core\/dist\/(kernel|http)\//,
    );
    const help = await easel(folder, ['generate', '--help']);
    expect(help.stdout).toContain("rounded to the model's multiple, with a warning");
    expect(help.stdout).toContain('Exit status:');
  });

  it('tells its version', async () => {
    expect(await easel(workingFolder(), ['--version'])).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each([
    ['no command', [], /Usage: easel/],
    ['an unknown command', ['genrate', 'x'], /unknown command 'genrate'\n\(Did you mean generate\?\)/],
    ['an argument too many', ['models', 'all'], /too many arguments for 'models'(?![\s\S]*prompt)/],
  ])('refuses %s with status 2', async (_, words, message) => {
    const { status, stderr } = await easel(workingFolder(), words);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});
describe('easel plugins enable, disable and reload', () => {
  const configurationOf = (folder: string) =>
    JSON.parse(readFileSync(join(folder, 'easel.config.json'), 'utf8')) as Record<string, unknown>;

  it('switch a plugin in the configuration file, and leave the rest of it as it is', async () => {
    const folder = workingFolder({ retries: 1, plugins: { steady: { options: { greeting: 'hello' } } } });
    const before = configurationOf(folder);
    expect((await easel(folder, ['plugins', 'disable', 'steady'])).status).toBe(0);
    expect(configurationOf(folder)).toEqual({
      ...before,
      plugins: { steady: { options: { greeting: 'hello' }, enabled: false } },
    });
    const refused = await easel(folder, ['generate', 'anything', '--quiet']);
    expect(refused.stderr).toMatch(/ERR_NO_ROUTE/);
    const answer = await easel(folder, ['plugins', 'enable', 'steady', '--json']);
    expect(JSON.parse(answer.stdout)).toMatchObject({ id: 'steady', enabled: true });
    expect((await easel(folder, ['generate', 'anything', '--quiet'])).status).toBe(0);
    expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it('touch the manifest, which kernels that watch take for a change', async () => {
    const folder = workingFolder({ pluginFolders: ['plugins', '--own-kernel'] });
    mkdirSync(join(folder, 'plugins'));
    cpSync(fixtures('plugins/steady'), join(folder, 'plugins/steady'), { recursive: true });
    const manifest = join(folder, 'plugins/steady/plugin.json');
    const before = statSync(manifest).mtimeMs;
    expect((await easel(folder, ['plugins', 'reload', 'steady'])).status).toBe(0);
    expect(statSync(manifest).mtimeMs).toBeGreaterThan(before);
  });

  it.each(['enable', 'disable', 'reload'])(
    'refuse to %s a plugin that is not there, and say who is',
    async (what) => {
      const { status, stderr } = await easel(workingFolder(), ['plugins', what, 'nobody']);
      expect(status).toBe(2);
      expect(stderr).toMatch(/no plugin "nobody"; there are: .*steady/);
    },
  );

  it('do not touch a configuration file that is broken', async () => {
    const folder = workingFolder();
    writeFileSync(join(folder, 'easel.config.json'), '{ "plugins": ');
    const { status, stderr } = await easel(folder, ['plugins', 'disable', 'steady']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/ERR_CONFIG_INVALID/);
    expect(readFileSync(join(folder, 'easel.config.json'), 'utf8')).toBe('{ "plugins": ');
  });
});
