import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The folder of this package, whose code is what a plugin's process begins with. */
const ownFolder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');

const names = z.record(z.string(), z.unknown()).default({});
const dependenciesSchema = z.object({
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});

/**
 * Folders that hold a plugin's code: its own, the `node_modules` that Node looks into from there, and
 * packages among its dependencies that are linked from elsewhere, as in a workspace; and the same of this
 * package.
 *
 * @param origin absolute path of the plugin's folder, symbolic links resolved; where it runs from a copy, of
 * the one that was copied
 */
export function codeFolders(origin: string): string[] {
  const found = new Set<string>();
  for (const folder of [origin, ownFolder]) collect(folder, found);
  return [...found];
}

function collect(folder: string, found: Set<string>): void {
  if (found.has(folder)) return;
  found.add(folder);
  const packages = placesOf(folder).filter((place) => existsSync(place));
  for (const place of packages) found.add(place).add(realpathSync(place));
  for (const name of dependenciesOf(folder)) {
    const place = packages.find((candidate) => existsSync(join(candidate, name)));
    if (place === undefined) continue;
    const real = realpathSync(join(place, name));
    if (![...found].some((known) => real.startsWith(known + sep))) collect(real, found);
  }
}

/** Where Node looks for packages, the nearest first. */
function placesOf(folder: string): string[] {
  const parent = dirname(folder);
  return [join(folder, 'node_modules'), ...(parent === folder ? [] : placesOf(parent))];
}

/** By the nearest package.json. */
function dependenciesOf(folder: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch {
    return dirname(folder) === folder ? [] : dependenciesOf(dirname(folder));
  }
  try {
    return Object.values(dependenciesSchema.parse(JSON.parse(text))).flatMap((named) => Object.keys(named));
  } catch {
    return [];
  }
}
