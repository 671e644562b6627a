import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * Several servers on a real Redis and a real S3 server, which have to be installed; so not part of
 * `npm test`.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/scale/**/*.scale.ts'],
    globalSetup: ['test/scale/install.ts'],
    testTimeout: 400_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 120_000 } },
    // They wait for leases most of the time.
    maxWorkers: 3,
    pool: 'forks',
    // What a test has measured is one line of its own.
    disableConsoleIntercept: true,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
