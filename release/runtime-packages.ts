/**
 * ONNX Runtime as the packages have it: `onnxruntime-node` without its install script, which downloads
 * libraries for NVIDIA cards and fails without a network, in a package for each platform, of which npm
 * installs one. In the repository the engine runs on `onnxruntime-node` itself.
 *
 * @module
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Platform {
  /** As in `process.platform`. */
  readonly os: string;
  /** As in `process.arch`. */
  readonly cpu: string;
}

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const licence = fileURLToPath(new URL('onnxruntime-license.txt', import.meta.url));
const source = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
const original = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest;
const binaries = 'bin/napi-v6';

const nameOf = ({ os, cpu }: Platform) => `@easel/onnxruntime-${os}-${cpu}`;
/** Where the script has something to download; it is run by `easel gpu install` alone. */
const hasScript = ({ os, cpu }: Platform) => os === 'linux' && cpu === 'x64';

/** The platforms that ONNX Runtime has libraries for. */
export const platforms: readonly Platform[] = readdirSync(join(source, binaries)).flatMap((os) =>
  readdirSync(join(source, binaries, os)).map((cpu) => ({ os, cpu })),
);

/** The engine's manifest with the packages of all platforms in place of `onnxruntime-node`. */
export function withRuntimePackages<Given extends Manifest>(manifest: Given): Given {
  const { 'onnxruntime-node': _, ...dependencies } = manifest.dependencies;
  const runtimes = Object.fromEntries(platforms.map((platform) => [nameOf(platform), original.version]));
  return { ...manifest, dependencies, optionalDependencies: runtimes };
}

/**
 * Writes the package of a platform.
 *
 * @param folder is made
 * @param more of its manifest
 */
export function writeRuntimePackage(
  folder: string,
  platform: Platform,
  more: object = {},
): { readonly name: string; readonly version: string } {
  const { 'onnxruntime-common': common = '', ...forScript } = original.dependencies;
  const { os, cpu } = platform;
  const manifest = {
    name: nameOf(platform),
    version: original.version,
    description: `ONNX Runtime for Node.js on ${os} ${cpu}, without an install script`,
    license: 'MIT',
    publishConfig: { access: 'public', provenance: true },
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: ['glibc'] } : {}),
    type: 'commonjs',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    dependencies: { 'onnxruntime-common': common, ...(hasScript(platform) ? forScript : {}) },
    ...more,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), readmeOf(platform));
  cpSync(licence, join(folder, 'LICENSE'));
  const parts = ['dist', 'lib', `${binaries}/${os}/${cpu}`, ...(hasScript(platform) ? ['script'] : [])];
  for (const part of parts) cpSync(join(source, part), join(folder, part), { recursive: true });
  return manifest;
}

const readmeOf = (platform: Platform) => `# ${nameOf(platform)}

What \`onnxruntime-node\` ${original.version} has for this platform, as Microsoft publishes it, without its install
script and without the libraries of other platforms. \`@easel/plugin-local-diffusion\` runs on it.
`;
