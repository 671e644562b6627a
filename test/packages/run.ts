/**
 * `npm run test:packages`: the tarballs in fresh projects.
 *
 *   --node N  the version of Node.js that hosts are tried under, too (24)
 *   --all     hosts whose installation is large, too: Next.js, pnpm
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { z } from 'zod';

const options = {
  node: { type: 'string', default: '24' },
  all: { type: 'boolean', default: false },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const node = z.string().regex(/^\d+$/, '--node takes a major version, such as 24.').parse(values.node);

const vitest = await startVitest('test', positionals, {
  config: fileURLToPath(new URL('vitest.config.ts', import.meta.url)),
  watch: false,
  provide: { node },
  ...(values.all ? { include: ['test/packages/**/*.{packages,large}.ts'] } : {}),
});
await vitest.close();
