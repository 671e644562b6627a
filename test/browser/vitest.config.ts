import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** In need of a browser, so not part of `npm test`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: 'test/browser/browser-server.ts',
    testTimeout: 300_000,
    // A server starts, makes images that tests find there, and ends in order, with its plugins.
    hookTimeout: 180_000,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
