import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What they hold does not depend on the time that they take: two at once take half as long as one. */
const besideOthers = [
  'bad-updates',
  'half-written',
  'kill-nine',
  'plugin-faults',
  'server-crash',
  'server-faults',
  'suspended-server',
  'torn-copies',
].map((name) => `test/chaos/${name}.chaos.ts`);

const shared = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  testTimeout: 900_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 120_000 } },
  pool: 'forks' as const,
  // Memory is compared after a collection.
  execArgv: ['--expose-gc'],
};

/** The proof suite: minutes long, so not part of `npm test`. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'alone',
          include: ['test/chaos/**/*.chaos.ts'],
          exclude: besideOthers,
          // They measure memory and time, and load both cores.
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'beside others',
          include: besideOthers,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    // What a test has measured is one line of its own.
    disableConsoleIntercept: true,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
