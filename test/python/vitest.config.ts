import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * Clients that are written in Python, unchanged: in need of Python and of its package index, so not part of
 * `npm test`.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/python/**/*.python.ts'],
    globalSetup: ['test/python/install.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
