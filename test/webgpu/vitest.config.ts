import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * WebGPU without a GPU, by a software Vulkan: minutes long and in need of system packages, so not part of
 * `npm test`.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/webgpu/**/*.webgpu.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    pool: 'forks',
    // What a test has measured is one line of its own.
    disableConsoleIntercept: true,
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
