import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { firstProblem } from './first-problem.js';

const packageSchema = z.looseObject({
  name: z.string().min(1),
  dependencies: z.record(z.string(), z.string()).default({}),
  easel: z
    .strictObject({
      plugin: z.string().min(1).optional().describe('Folder with its plugin.json. Absent: its own folder.'),
      catalogue: z.string().min(1).optional().describe('Folder of catalogue files. Absent: none.'),
    })
    .default({}),
});

export interface PackageContents {
  readonly name: string;
  /** Names of the packages that it needs. */
  readonly dependencies: readonly string[];
  /** Absolute path of the folder with its plugin.json. Absent: it has none. */
  readonly plugin?: string;
  /** Absolute path of its catalogue folder. Absent: it has none. */
  readonly catalogue?: string;
}

/**
 * What an installed package brings for the kernel, by its `easel` field and its `plugin.json`. Throws
 * ERR_CONFIG_INVALID.
 */
export function readPackage(folder: string): PackageContents {
  const file = join(folder, 'package.json');
  const invalid = (what: string, cause?: unknown) =>
    new EaselError({ code: 'ERR_CONFIG_INVALID', message: `${file}: ${what}.`, cause });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(`cannot be read (${(cause as Error).message})`, cause);
  }
  const parsed = packageSchema.safeParse(json);
  if (!parsed.success) throw invalid(firstProblem(parsed.error));
  const { name, dependencies, easel } = parsed.data;
  const plugin = join(folder, easel.plugin ?? '.');
  return {
    name,
    dependencies: Object.keys(dependencies),
    ...((easel.plugin !== undefined || existsSync(join(plugin, 'plugin.json'))) && { plugin }),
    ...(easel.catalogue !== undefined && { catalogue: join(folder, easel.catalogue) }),
  };
}
