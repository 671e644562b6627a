import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'plugins/*/src/**/*.test.ts'],
    // Tests wait for processes, sockets and timers half of the time: three files at once keep two cores busy.
    maxWorkers: availableParallelism() + 1,
    // Nobody waits for it but where something hangs: a busy machine takes four times as long as a quiet one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A second is not enough for a process to start on a machine that is busy; what is waited for comes, or
    // the test's own time is up.
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
