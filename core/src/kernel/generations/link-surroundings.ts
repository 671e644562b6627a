import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Makes folders, one inside of the other, so that Node finds from the innermost what it finds from a plugin's
 * own place: the packages of each folder above it, and the `package.json` that says what kind of modules it
 * has.
 *
 * @param origin absolute path of the plugin's folder, symbolic links resolved
 * @param root absolute path of an empty folder
 * @returns absolute path of the innermost folder, which is not there yet
 */
export async function linkSurroundings(origin: string, root: string): Promise<string> {
  let place = root;
  for (const [index, folder] of surroundingsOf(origin).entries()) {
    if (index > 0) {
      place = join(place, String(index));
      await mkdir(place);
    }
    for (const [name, type] of linked)
      if (existsSync(join(folder, name))) await symlink(join(folder, name), join(place, name), type);
  }
  return join(place, basename(origin));
}

const linked = [
  ['node_modules', 'junction'],
  ['package.json', 'file'],
] as const;

/** The folders above it that have packages or a package.json, the outermost first. */
function surroundingsOf(origin: string): string[] {
  const found: string[] = [];
  for (let folder = dirname(origin); ; folder = dirname(folder)) {
    const isRelevant = linked.some(([name]) => existsSync(join(folder, name)));
    // As Node does: packages have none directly beside them.
    if (isRelevant && basename(folder) !== 'node_modules') found.unshift(folder);
    if (folder === dirname(folder)) return found;
  }
}
