/**
 * The last part of `npm run pack:all`: a tarball of each package, in tarballs/. Of ONNX Runtime's packages,
 * that of this platform.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { platforms, withRuntimePackages, writeRuntimePackage } from './runtime-packages.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tarballs = join(root, 'tarballs');
const engine = join(root, 'plugins/local-diffusion/package.json');

const pack = (folder: string, ...words: string[]) =>
  execFileSync('npm', ['pack', '--silent', '--pack-destination', tarballs, ...words], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });

mkdirSync(tarballs, { recursive: true });
const text = readFileSync(engine, 'utf8');
try {
  writeFileSync(engine, `${JSON.stringify(withRuntimePackages(JSON.parse(text)), null, 2)}\n`);
  pack(root, '--workspaces');
} finally {
  writeFileSync(engine, text);
}

const here = platforms.find(({ os, cpu }) => os === process.platform && cpu === process.arch);
if (here) {
  const folder = mkdtempSync(join(tmpdir(), 'easel-runtime-'));
  try {
    writeRuntimePackage(folder, here);
    pack(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
