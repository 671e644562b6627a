import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** In need of a browser, so not part of `npm test`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.browser.ts'],
    testTimeout: 300_000,
    // A server ends in order, with its plugins.
    hookTimeout: 60_000,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
