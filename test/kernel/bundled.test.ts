import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { build as buildByVite } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = `
  import { createImageServiceManager } from '@easel/core';
  const manager = createImageServiceManager({ storageFolder: process.argv[2] });
  const { images } = await manager.generateImage({ prompt: 'a yellow star', model: 'picturebook', seed: 7, steps: 1 });
  console.log(images.length, 'image');
  await manager.close();`;

/** Bundles a program below the repository, where it finds its packages, and runs it. */
async function runBundled(bundle: (folder: string) => Promise<string>) {
  const folder = mkdtempSync(join(root, 'test/.hot-bundle-'));
  const storage = mkdtempSync(join(tmpdir(), 'easel-bundle-'));
  for (const made of [folder, storage])
    onTestFinished(() => rmSync(made, { recursive: true, force: true, maxRetries: 3 }));
  return spawnSync(process.execPath, [await bundle(folder), storage], { cwd: storage, encoding: 'utf8' });
}

const byEsbuild = (format: 'esm' | 'cjs', external: readonly string[]) => async (folder: string) => {
  const outfile = join(folder, `server.${format === 'esm' ? 'mjs' : 'cjs'}`);
  await build({
    stdin: { contents: format === 'esm' ? program : program.replace(/await /g, ''), resolveDir: root },
    ...{ bundle: true, platform: 'node', format, outfile, external: [...external], logLevel: 'silent' },
    loader: { '.node': 'copy' },
  });
  return outfile;
};

const byVite = (external: readonly string[]) => async (folder: string) => {
  const entry = join(folder, 'program.js');
  writeFileSync(entry, program);
  await buildByVite({
    ...{ root: folder, configFile: false, logLevel: 'silent' },
    build: { ssr: entry, outDir: join(folder, 'dist') },
    ssr: { noExternal: true, external: [...external] },
  });
  return join(folder, 'dist/program.js');
};

const byRollup = (external: RegExp) => async (folder: string) => {
  const entry = join(folder, 'program.js');
  writeFileSync(entry, program);
  const bundle = await rollup({ input: entry, external, plugins: [nodeResolve()] });
  const file = join(folder, 'server.mjs');
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return file;
};

describe('a server that an app has bundled', () => {
  it.each(['esm', 'cjs'] as const)('says what to leave out, where it is all in it (%s)', async (format) => {
    const { status, stderr } = await runBundled(byEsbuild(format, []));
    expect(status).toBe(1);
    expect(stderr).toContain('@easel/core has been bundled into the code of an app');
    expect(stderr).toContain('Leave "easel" and "@easel/*" out of the bundle');
  });

  it.each([
    ['esbuild', byEsbuild('esm', ['easel', '@easel/*'])],
    ['Vite', byVite(['@easel/core'])],
    ['Rollup', byRollup(/^(@easel\/|easel$)/)],
  ])('makes an image, where that is left out (%s)', { timeout: 120_000 }, async (_, bundle) => {
    const { stdout, stderr } = await runBundled(bundle);
    expect(stdout, stderr).toContain('1 image');
  });
});

const importCore = `import '${pathToFileURL(join(root, 'core/dist/index.js')).href}'`;

it.each([
  ['a host', ['--input-type=module', '-e', importCore]],
  ['the command', [join(root, 'core/bin/easel.js'), 'generate', 'a star']],
])("refuses Yarn Plug'n'Play, whose loader names itself in process.versions (%s)", (_, begun) => {
  const folder = mkdtempSync(join(tmpdir(), 'easel-pnp-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  writeFileSync(join(folder, '.pnp.cjs'), "process.versions.pnp = '3';");
  const words = ['--require', join(folder, '.pnp.cjs'), ...begun];
  const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain("Easel does not run under Yarn Plug'n'Play");
  expect(stderr).toContain('nodeLinker: node-modules');
});
