import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ integrity: z.string().optional() })),
});

/**
 * The integrity of the package that a folder belongs to, as npm has verified it at its installation
 * (`node_modules/.package-lock.json`). Undefined where npm has not installed it, or from a folder.
 *
 * @param folder absolute path, symbolic links resolved
 */
export function readIntegrity(folder: string): string | undefined {
  const [, root, name] = /^(.*)[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(folder) ?? [];
  if (root === undefined || name === undefined) return undefined;
  try {
    const text = readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8');
    const { packages } = lockSchema.parse(JSON.parse(text));
    return packages[`node_modules/${name.replaceAll('\\', '/')}`]?.integrity;
  } catch {
    return undefined;
  }
}
