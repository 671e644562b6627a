import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * The proof suite: minutes long, so not part of `npm test`. One file at a time: they measure memory and load
 * both cores.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/chaos/**/*.chaos.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    pool: 'forks',
    // Memory is compared after a collection.
    execArgv: ['--expose-gc'],
    // What a test has measured is one line of its own.
    disableConsoleIntercept: true,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
