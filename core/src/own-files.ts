/**
 * Refuses to begin where the files of this package are not beside its code: plugins run in processes of their
 * own, which begin with them. Imported first of all.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { EaselError } from '@easel/plugin-sdk';

const reason = process.versions.pnp
  ? "Easel does not run under Yarn Plug'n'Play: the processes of plugins do not find their packages there."
  : isBesideItsCode(import.meta.url)
    ? undefined
    : '@easel/core has been bundled into the code of an app, without the files that the processes of plugins begin with.';

if (reason)
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: reason,
    hint: process.versions.pnp
      ? 'Set `nodeLinker: node-modules` in .yarnrc.yml, and run `yarn install`.'
      : 'Leave "easel" and "@easel/*" out of the bundle: `external` of esbuild and Rollup, `ssr.external` of Vite, `serverExternalPackages` of Next.js.',
  });

/** @param url of this module; a bundle in CommonJS has none */
function isBesideItsCode(url: string | undefined): boolean {
  if (url === undefined) return false;
  try {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', url), 'utf8')) as { name?: unknown };
    return manifest.name === '@easel/core';
  } catch {
    return false;
  }
}
