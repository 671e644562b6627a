import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * What the commands open, write and connect to: in need of a system package, and slow, so not part of
 * `npm test`.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/strace/**/*.strace.ts'],
    testTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
