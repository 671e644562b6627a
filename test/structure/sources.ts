import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every module of the packages but tests, relative to the repository. */
export const sources: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.ts'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => /^(plugin-sdk|core|scale|plugins\/[^/]+)\/src\//.test(path))
  .filter((path) => !path.endsWith('.test.ts') && existsSync(join(root, path)));

const known = new Set(sources);

/** What a module imports of its own package, relative to the repository; types and dynamic imports count. */
export const importsOf = (path: string): string[] =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, name = '']) => normalize(join(dirname(path), name)).replace(/\.js$/, '.ts'))
    .filter((imported) => known.has(imported));
