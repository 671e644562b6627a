import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Minutes long, so not part of `npm test`. One file at a time: they measure memory and load both cores. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/hostile/**/*.hostile.ts'],
    testTimeout: 900_000,
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 120_000,
    fileParallelism: false,
    pool: 'forks',
    // What a test has measured is one line of its own.
    disableConsoleIntercept: true,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
