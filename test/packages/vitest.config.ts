import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * The packages in fresh projects: in need of `npm run pack:all` and of a registry for other people's
 * packages, so not part of `npm test`.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/packages/**/*.packages.ts'],
    globalSetup: ['test/packages/registry.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
