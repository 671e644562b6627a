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
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
