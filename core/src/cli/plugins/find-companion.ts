import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import type { PluginFolder } from '../../kernel/manifest/read.js';
import { parseJson } from '../../parse-json.js';

/**
 * A module that a plugin brings along beside its entry, for a command of this name: what its manifest says
 * under the name, or `<name>.js` beside the entry. Undefined where it has none, and for one outside of its
 * folder.
 */
export function findCompanion(
  { folder, entry }: Pick<PluginFolder, 'folder' | 'entry'>,
  name: 'doctor' | 'emulator',
): string | undefined {
  const manifest: unknown = parseJson(readFileSync(join(folder, 'plugin.json'), 'utf8'));
  const { [name]: named } = z.looseObject({ [name]: z.string().min(1).optional() }).parse(manifest);
  const file = typeof named === 'string' ? join(folder, named) : join(dirname(entry), `${name}.js`);
  if (!existsSync(file)) return undefined;
  const real = realpathSync(file);
  return real.startsWith(folder + sep) ? real : undefined;
}
