/**
 * `npm run test:packages`: the tarballs in fresh projects.
 *
 *   --node N  the major version of Node.js that all hosts run under. Absent: the one that runs the tests
 *   --all     hosts whose installation is large, too: Next.js, pnpm, Yarn
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { z } from 'zod';

const options = {
  node: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const node = z
  .string()
  .regex(/^\d+$/, '--node takes a major version, such as 26.')
  .optional()
  .parse(values.node);

if (node !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'easel-node-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const name = `node-${process.platform}-${process.arch}`;
  execFileSync('npm', ['install', '--silent', '--prefix', folder, `${name}@${node}`]);
  // opossum 9 names the versions that there were.
  if (Number(node) > 24) process.env.npm_config_engine_strict = 'false';
  process.env.PATH = join(folder, 'node_modules', name, 'bin') + delimiter + process.env.PATH;
}

const vitest = await startVitest('test', positionals, {
  config: fileURLToPath(new URL('vitest.config.ts', import.meta.url)),
  watch: false,
  ...(values.all ? { include: ['test/packages/**/*.{packages,large}.ts'] } : {}),
});
await vitest.close();
