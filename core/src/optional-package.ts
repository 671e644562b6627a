import { createRequire } from 'node:module';
import { EaselError } from '@easel/plugin-sdk';

const require = createRequire(import.meta.url);
const { peerDependencies } = require('../package.json') as { peerDependencies: Record<string, string> };

/** Whether a package is there that only some hosts of the kernel need; `easel` brings all of them along. */
export function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The command that installs such packages, in versions that Easel works with. */
export const installCommand = (names: readonly string[]): string =>
  `npm install ${names.map((name) => `"${name}@${peerDependencies[name]}"`).join(' ')}`;

/**
 * Throws ERR_CONFIG_INVALID where such a package is not installed.
 *
 * @param need what needs it, as the beginning of a sentence
 */
export function assertInstalled(name: string, need: string): void {
  if (isInstalled(name)) return;
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `${need} the package ${name}, which is not installed.`,
    hint: `Install it: ${installCommand([name])}. The package easel brings it along.`,
  });
}
