import { mergeConfig } from 'vitest/config';
import browser from './vitest.config.js';

/** Times that say something on a quiet machine alone, so not part of `npm run test:browser`. */
export default mergeConfig(
  { ...browser, test: { ...browser.test, include: [] } },
  { test: { include: ['test/browser/**/*.frames.ts'] } },
);
