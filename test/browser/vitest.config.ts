import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** In need of a browser, so not part of `npm test`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: 'test/browser/browser-server.ts',
    // Tests wait for servers to start, and for what a page looks at now and again.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 300_000,
    // A server starts, makes images that tests find there, and ends in order, with its plugins.
    hookTimeout: 180_000,
    // A second is not enough for a page on a machine that is busy.
    expect: { poll: { timeout: 100_000, interval: 100 } },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
