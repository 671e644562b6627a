import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'plugins/*/src/**/*.test.ts'],
    // Tests wait for processes, sockets and timers half of the time: on two cores, two files at once take
    // half as long as one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    // A kernel is started and makes images in some of them.
    hookTimeout: 60_000,
    // A second is not enough for a process to start on a machine that is busy; what is waited for comes, or
    // the test's own time is up.
    expect: { poll: { timeout: 25_000 } },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
