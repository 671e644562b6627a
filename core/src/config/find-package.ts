import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of a package as Node finds it: in the nearest `node_modules` on the way up from the first
 * folder, or else from the next one. Absolute, symbolic links resolved; undefined where it is not installed.
 * The package need not export its `package.json`.
 */
export function findPackage(name: string, folders: readonly string[]): string | undefined {
  const found = folders.flatMap(upward).find((folder) => existsSync(manifestIn(folder, name)));
  return found === undefined ? undefined : realpathSync(dirname(manifestIn(found, name)));
}

const manifestIn = (folder: string, name: string): string =>
  join(folder, 'node_modules', name, 'package.json');

function upward(folder: string): string[] {
  const parent = dirname(folder);
  return [folder, ...(parent === folder ? [] : upward(parent))];
}
