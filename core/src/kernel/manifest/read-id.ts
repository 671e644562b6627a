import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../parse-json.js';

const schema = z.looseObject({ id: z.string() });

/**
 * The id in a plugin's manifest, also where the rest of it cannot be used. Undefined: there is none to be
 * read.
 */
export function readPluginId(folder: string): string | undefined {
  try {
    return schema.parse(parseJson(readFileSync(join(folder, 'plugin.json'), 'utf8'))).id;
  } catch {
    return undefined;
  }
}
