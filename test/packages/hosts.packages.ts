import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHost } from './host.js';

const read = (file: string) => readFileSync(new URL(`projects/${file}`, import.meta.url), 'utf8');

/** Nothing of a package is skipped: its types have to be right on their own. */
const compilerOptions = {
  ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] },
  ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
};
const resolutions = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

const files = ['hono.mjs', 'express.cjs', 'typed.ts'] as const;
/** Major version of Node.js that a host is tried under, beside the one of all others. */
const otherNode = '24';
const nodePackage = `node-${process.platform}-${process.arch}`;

/** Easel is installed once, which takes longer than all else here. */
const host = createHost({}, afterAll);
const words = ['easel', 'generate', 'a yellow star', '--seed', '7', '--quiet', '--out'];
beforeAll(() => host.expect('npx', [...words, 'first.png']));

describe('an empty folder', () => {
  it('is all that `npx easel generate` needs; once it is installed it needs no network', async () => {
    await host.expect('npx', ['--offline', ...words, 'again.png']);
    expect(readdirSync(host.folder).sort()).toEqual(['again.png', 'first.png']);
    const [first, again] = ['first.png', 'again.png'].map((file) => readFileSync(join(host.folder, file)));
    expect(first?.subarray(1, 4).toString()).toBe('PNG');
    expect(again?.equals(first as Buffer)).toBe(true);
  });

  it('gets a plugin whose README works, by what it says to install', async () => {
    const author = createHost();
    symlinkSync(join(host.cache, '_npx'), join(author.cache, '_npx'));
    await author.expect('npx', ['--offline', 'easel', 'plugins', 'new', 'painter', '--language', 'ts']);
    const readme = readFileSync(join(author.folder, 'plugins/painter/README.md'), 'utf8');
    const [, commands = ''] = readme.split(/```(?:sh)?\n/);
    await author.expect('sh', ['-ec', commands]);
  });

  it('has ONNX Runtime for its platform alone, and not the package whose install script downloads', () => {
    const [installed = ''] = readdirSync(join(host.cache, '_npx'));
    const packages = readdirSync(join(host.cache, '_npx', installed, 'node_modules/@easel'));
    const runtimes = packages.filter((name) => name.startsWith('onnxruntime-'));
    expect(runtimes).toEqual([`onnxruntime-${process.platform}-${process.arch}`]);
    expect(existsSync(join(host.cache, '_npx', installed, 'node_modules/onnxruntime-node'))).toBe(false);
  });
});

describe('a project that has installed easel', () => {
  beforeAll(async () => {
    host.adopt();
    host.write({
      'package.json': JSON.stringify({ private: true, type: 'module', dependencies: { easel: '*' } }),
      ...Object.fromEntries(files.map((file) => [file, read(file)])),
      ...Object.fromEntries(
        Object.entries(resolutions).map(([name, resolution]) => [
          `tsconfig.${name}.json`,
          JSON.stringify({ compilerOptions: { ...compilerOptions, ...resolution }, include: ['typed.ts'] }),
        ]),
      ),
    });
    const hosts = ['hono', '@hono/node-server', 'express', 'typescript@^7', '@types/node@20'];
    await host.expect('npm', ['install', ...hosts, `${nodePackage}@${otherNode}`]);
  });

  it.each(Object.keys(resolutions))('compiles with all types checked, resolved as %s does', async (name) => {
    await host.expect('npx', ['tsc', '-p', `tsconfig.${name}.json`]);
  });

  it('can do with 60 MB of kernel and SDK, and is told what the server needs beside them', async () => {
    const small = createHost({ 'package.json': '{ "type": "module" }', 'core.mjs': read('core.mjs') });
    const modules = join(small.folder, 'node_modules');
    await small.expect('npm', ['install', '@easel/core', '@easel/plugin-sdk']);
    const sizes = readdirSync(modules, { recursive: true, encoding: 'utf8' })
      .map((file) => statSync(join(modules, file)))
      .map((found) => (found.isFile() ? found.size : 0));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(60e6);

    expect(await small.expect('node', ['core.mjs'])).toMatch(
      /^image\/png\nERR_CONFIG_INVALID Install it: npm install "libsql@\^[^"]+"\. .+\n$/,
    );
    symlinkSync(join(host.folder, 'node_modules/libsql'), join(modules, 'libsql'));
    expect((await small.expect('node', ['core.mjs'])).split('\n')).toEqual([
      'image/png',
      '200 ',
      expect.stringMatching(/^501 .*: npm install "@fastify\/swagger@~\S+" "@fastify\/swagger-ui@~\S+"$/),
      expect.stringMatching(/^501 .*: npm install "@modelcontextprotocol\/sdk@\^\S+"$/),
      '',
    ]);
  });

  it('makes images in Hono, by the manager and by the server under a path', async () => {
    const version = (await host.expect('node', ['--version'])).trim();
    expect(await host.expect('node', ['hono.mjs'])).toBe(`${version} image/png 200 1\n`);
  });

  it(`makes images in Express that parses bodies first, by \`require\`, under Node.js ${otherNode}`, async () => {
    const printed = await host.expect(`node_modules/${nodePackage}/bin/node`, ['express.cjs']);
    expect(printed).toMatch(new RegExp(`^v${otherNode}\\.\\S+ 200 1\n$`));
  });
});
