/**
 * A registry with the tarballs of `npm run pack:all`; whoever asks for anything else is sent on to the
 * registry that npm is configured for.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { platforms } from '../../release/runtime-packages.js';

declare module 'vitest' {
  export interface ProvidedContext {
    registry: string;
    /** Folder of npm's cache. */
    cache: string;
    /** Who npm trusts beside those that it knows, as behind a proxy; `null`: nobody. */
    cafile: string;
  }
}

const tarballs = fileURLToPath(new URL('../../tarballs/', import.meta.url));

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly manifest: object;
}

function readTarball(file: string): Packed {
  const text = execFileSync('tar', ['-xOzf', tarballs + file, 'package/package.json'], { encoding: 'utf8' });
  const manifest = JSON.parse(text) as { name: string; version: string };
  return { name: manifest.name, version: manifest.version, file, manifest };
}

function describe({ name, version, file, manifest }: Packed, origin: string): object {
  const integrity = `sha512-${createHash('sha512')
    .update(readFileSync(tarballs + file))
    .digest('base64')}`;
  const dist = { tarball: `${origin}/tarballs/${file}`, integrity };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

/** ONNX Runtime for the other platforms, of which Yarn 1 wants to read and npm to install nothing. */
function othersThan(here: Packed | undefined): Packed[] {
  if (!here) return [];
  return platforms
    .map(({ os, cpu }) => {
      const name = `@easel/onnxruntime-${os}-${cpu}`;
      return { ...here, name, manifest: { ...here.manifest, name, os: [os], cpu: [cpu] } };
    })
    .filter(({ name }) => name !== here.name);
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const packed = readdirSync(tarballs)
    .filter((file) => file.endsWith('.tgz'))
    .map(readTarball);
  packed.push(...othersThan(packed.find(({ name }) => name.startsWith('@easel/onnxruntime-'))));
  const [upstream = '', cache = '', cafile = ''] = ['registry', 'cache', 'cafile'].map((name) =>
    execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim(),
  );
  const server = createServer(({ url = '/' }, response) => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const own = packed.find(({ name, file }) =>
      [`/${name}`, `/tarballs/${file}`].includes(decodeURIComponent(url)),
    );
    if (!own) response.writeHead(307, { location: new URL(url.slice(1), upstream).href }).end();
    else if (url.startsWith('/tarballs/')) response.end(readFileSync(tarballs + own.file));
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(describe(own, origin)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  project.provide('registry', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  project.provide('cache', cache);
  project.provide('cafile', cafile);
  return async () => {
    server.close();
    server.closeAllConnections();
  };
}
