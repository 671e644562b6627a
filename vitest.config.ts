import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'plugins/*/src/**/*.test.ts'],
    testTimeout: 30_000,
    // A second is not enough for a process to start on a machine that is busy.
    expect: { poll: { timeout: 10_000 } },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
