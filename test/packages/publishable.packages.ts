import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../tarballs/', import.meta.url));
const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));

/** Unpacks a tarball; paths are those in the package. */
function open(name: string) {
  const unpacked = mkdtempSync(join(tmpdir(), 'easel-tarball-'));
  execFileSync('tar', ['-xzf', folder + name, '-C', unpacked, '--strip-components=1']);
  const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  afterAll(() => rmSync(unpacked, { recursive: true, maxRetries: 10 }));
  return {
    bytes: new Uint8Array(readFileSync(folder + name)),
    files,
    read: (file: string) => readFileSync(join(unpacked, file), 'utf8'),
  };
}

describe.each(tarballs)('%s', (name) => {
  const tarball = open(name);
  const manifest = JSON.parse(tarball.read('package.json')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  } & Record<string, unknown>;

  it('is as publint wants it', async () => {
    const { messages, pkg } = await publint({ pack: { tarball: tarball.bytes.buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  // "no-resolution" and "cjs-resolves-to-esm" of node10 and of `require` without types: Easel is ESM, which
  // Node loads by `require` too.
  it('has types that every resolution but the one of Node 10 finds', async () => {
    const code = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object');
    const result = await checkPackage(createPackageFromTarballData(tarball.bytes), {
      entrypoints: code.map(([path]) => path),
    });
    if (!result.types) return expect(code).toEqual([]);
    const problems = result.problems.filter(
      (problem) =>
        !('resolutionKind' in problem && problem.resolutionKind === 'node10') &&
        problem.kind !== 'CJSResolvesToESM',
    );
    expect(problems).toEqual([]);
  });

  it('says what it is and under which licence', () => {
    expect(tarball.files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
    expect(manifest).toMatchObject({
      license: manifest.name.startsWith('@easel/onnxruntime-') ? 'MIT' : 'Apache-2.0',
      publishConfig: { access: 'public', provenance: true },
    });
    expect(tarball.files.filter((file) => file.endsWith('.tsbuildinfo'))).toEqual([]);
  });

  it('has all that its source maps point at', () => {
    const lost = tarball.files
      .filter((file) => file.endsWith('.map'))
      .flatMap((file) => {
        const { sources } = JSON.parse(tarball.read(file)) as { sources: readonly string[] };
        return sources.map((source) => posix.join(posix.dirname(file), source));
      })
      .filter((source) => !tarball.files.includes(source));
    expect(lost).toEqual([]);
  });
});
