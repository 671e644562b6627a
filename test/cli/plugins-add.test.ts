import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { easel, workingFolder } from './easel.js';

const run = promisify(execFile);
const offline = { npm_config_offline: 'true', npm_config_update_notifier: 'false' };

interface Packed {
  readonly version: string;
  readonly permissions?: Readonly<Record<string, unknown>>;
  readonly entry?: string;
  /** Absent: the package has a plugin.json. */
  readonly isPlugin?: boolean;
}

/** A tarball of a package with a plugin, made in the folder. Answers its path there. */
async function pack(
  folder: string,
  { version, permissions = {}, entry = 'export default {};', isPlugin = true }: Packed,
): Promise<string> {
  const source = join(folder, '.source');
  await mkdir(source, { recursive: true });
  const manifest = {
    ...{ id: 'dotted', version, sdk: '*', entry: 'index.js', handles: [{ type: 'dotted' }] },
    permissions,
  };
  const about = {
    name: 'easel-plugin-dotted',
    version,
    type: 'module',
    files: isPlugin ? ['index.js', 'plugin.json'] : ['index.js'],
    scripts: { postinstall: `node -e "fs.writeFileSync('${join(folder, 'script-has-run')}', '')"` },
  };
  writeFileSync(join(source, 'package.json'), JSON.stringify(about));
  writeFileSync(join(source, 'plugin.json'), JSON.stringify(manifest));
  writeFileSync(join(source, 'index.js'), entry);
  await run('npm', ['pack', '--pack-destination', folder, source], { env: { ...process.env, ...offline } });
  return `./easel-plugin-dotted-${version}.tgz`;
}

function project(): string {
  const folder = workingFolder();
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

const add = (folder: string, words: readonly string[], input?: string) =>
  easel(folder, ['plugins', 'add', ...words], input, offline);

const settingsIn = (folder: string) =>
  (JSON.parse(readFileSync(join(folder, 'easel.config.json'), 'utf8')) as { plugins?: unknown }).plugins;

async function listed(folder: string) {
  const { stdout } = await easel(folder, ['plugins', '--json', '--own-kernel']);
  const { plugins, rejected } = JSON.parse(stdout) as {
    plugins: { id: string; version: string }[];
    rejected: { message: string; hint?: string }[];
  };
  return {
    version: plugins.find(({ id }) => id === 'dotted')?.version,
    rejected: rejected.map(({ message }) => message).filter((message) => message.includes('dotted')),
  };
}

describe('easel plugins add', () => {
  it('installs a package, shows what it asks for, and pins what was approved', async () => {
    const folder = project();
    const tarball = await pack(folder, {
      version: '1.0.0',
      permissions: { secrets: ['DOTTED_KEY'], files: true },
    });
    const { status, stdout, stderr } = await add(folder, [tarball], 'yes\n');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('  the secret DOTTED_KEY\n  reading files anywhere\n');
    expect(stdout).toContain('dotted 1.0.0 (easel-plugin-dotted) was added');
    expect(settingsIn(folder)).toEqual({
      'easel-plugin-dotted': {
        approved: {
          version: '1.0.0',
          integrity: expect.stringMatching(/^sha512-/),
          permissions: ['the secret DOTTED_KEY', 'reading files anywhere'],
        },
      },
    });
    expect(existsSync(join(folder, 'script-has-run'))).toBe(false);
    expect(await listed(folder)).toEqual({ version: '1.0.0', rejected: [] });
  });

  it.each([
    ['a no', 'no\n'],
    ['the end of stdin', ''],
  ])('leaves everything as it was after %s', async (_, input) => {
    const folder = project();
    const { status, stderr } = await add(folder, [await pack(folder, { version: '1.0.0' })], input);
    expect(status).toBe(1);
    expect(stderr).toContain('was not added');
    expect(settingsIn(folder)).toBeUndefined();
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe('{ "private": true }\n');
    expect(existsSync(join(folder, 'node_modules/easel-plugin-dotted'))).toBe(false);
  });

  it('refuses a version that asks for more until that is approved, and takes one that does not', async () => {
    const folder = project();
    await add(folder, [await pack(folder, { version: '1.0.0' }), '--yes']);
    const install = async (tarball: string) =>
      await run('npm', ['install', '--no-audit', tarball], {
        cwd: folder,
        env: { ...process.env, ...offline },
      });
    await install(await pack(folder, { version: '1.1.0' }));
    expect(await listed(folder)).toEqual({ version: '1.1.0', rejected: [] });
    const greedy = await pack(folder, { version: '1.2.0', permissions: { childProcesses: true } });
    await install(greedy);
    const { version, rejected } = await listed(folder);
    expect(version).toBeUndefined();
    expect(rejected).toEqual([
      expect.stringContaining('more than is approved in the configuration: starting'),
    ]);
    const { status } = await add(folder, [greedy], 'y\n');
    expect(status).toBe(0);
    expect(await listed(folder)).toEqual({ version: '1.2.0', rejected: [] });
  });

  it('refuses another package of the version that was approved', async () => {
    const folder = project();
    await add(folder, [await pack(folder, { version: '1.0.0' }), '--yes']);
    const other = await pack(folder, { version: '1.0.0', entry: 'export default { other: true };' });
    await run('npm', ['uninstall', 'easel-plugin-dotted'], {
      cwd: folder,
      env: { ...process.env, ...offline },
    });
    await run('npm', ['install', '--no-audit', other], { cwd: folder, env: { ...process.env, ...offline } });
    const { version, rejected } = await listed(folder);
    expect(version).toBeUndefined();
    expect(rejected).toEqual([expect.stringContaining('its integrity differs')]);
  });

  it.each([
    [
      'a package that is no plugin',
      async (folder: string) => await pack(folder, { version: '1.0.0', isPlugin: false }),
      'it has no plugin.json',
    ],
    ['what npm does not find', async () => './missing.tgz', 'npm pack failed'],
  ])('refuses %s and leaves everything as it was', async (_, given, words) => {
    const folder = project();
    const { status, stderr } = await add(folder, [await given(folder), '--yes']);
    expect(status).toBe(2);
    expect(stderr).toContain(words);
    expect(settingsIn(folder)).toBeUndefined();
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).toBe('{ "private": true }\n');
  });

  it('says that it needs a project', async () => {
    const { status, stderr } = await add(workingFolder(), ['easel-plugin-dotted']);
    expect(status).toBe(2);
    expect(stderr).toContain('there is no package.json in');
  });
});
