import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Writes files of the documentation, so not part of any check. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/screenshots/screenshots.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
