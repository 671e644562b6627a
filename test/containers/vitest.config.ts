import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The server as containers run it: in need of a system package, so not part of `npm test`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/containers/**/*.container.ts'],
    testTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    fileParallelism: false,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
