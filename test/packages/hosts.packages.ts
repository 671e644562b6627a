import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
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
const nodePackage = `node-${process.platform}-${process.arch}`;

describe('a project that has installed easel', () => {
  const host = createHost(
    {
      'package.json': JSON.stringify({ private: true, type: 'module' }),
      ...Object.fromEntries(files.map((file) => [file, read(file)])),
      ...Object.fromEntries(
        Object.entries(resolutions).map(([name, resolution]) => [
          `tsconfig.${name}.json`,
          JSON.stringify({ compilerOptions: { ...compilerOptions, ...resolution }, include: ['typed.ts'] }),
        ]),
      ),
    },
    afterAll,
  );
  beforeAll(async () => {
    const hosts = ['hono', '@hono/node-server', 'express', 'typescript@^7', '@types/node@20'];
    await host.expect('npm', ['install', 'easel', ...hosts, `${nodePackage}@${inject('node')}`]);
  });

  it.each(Object.keys(resolutions))('compiles with all types checked, resolved as %s does', async (name) => {
    await host.expect('npx', ['tsc', '-p', `tsconfig.${name}.json`]);
  });

  it('makes images in Hono, by the manager and by the server under a path', async () => {
    expect(await host.expect('node', ['hono.mjs'])).toBe(`${process.version} image/png 200 1\n`);
  });

  it(`makes images in Express that parses bodies first, by \`require\`, under Node.js ${inject('node')}`, async () => {
    const printed = await host.expect(`node_modules/${nodePackage}/bin/node`, ['express.cjs']);
    expect(printed).toMatch(new RegExp(`^v${inject('node')}\\.\\S+ 200 1\n$`));
  });
});
