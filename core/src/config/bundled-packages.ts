import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPackage } from './find-package.js';
import { type PackageContents, readPackage } from './package-contents.js';

/** The package that depends on the plugins and models that come with Easel. */
const bundle = 'easel';

/**
 * Folders from which packages are looked for, in their order: the host's own, that of the program that runs,
 * and that of this package.
 *
 * @param base absolute path of the host's folder
 */
export const resolutionFolders = (base: string): string[] => [
  base,
  ...programFolder(),
  dirname(fileURLToPath(import.meta.url)),
];

/** A package manager runs a program through a link. */
function programFolder(): string[] {
  const [, program] = process.argv;
  try {
    return program === undefined ? [] : [dirname(realpathSync(program))];
  } catch {
    return [];
  }
}

/** The plugins and models that come with Easel, as far as they are installed. */
export function bundledPackages(base: string): PackageContents[] {
  const folder = findPackage(bundle, resolutionFolders(base));
  if (folder === undefined) return [];
  return readPackage(folder).dependencies.flatMap((name) => {
    const found = findPackage(name, [folder]);
    return found === undefined ? [] : [readPackage(found)];
  });
}
