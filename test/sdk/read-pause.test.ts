import { readPauseMs } from '@easel/plugin-sdk/provider';
import { expect, it } from 'vitest';

it.each([
  ['Rate limit reached. Please try again in 20s.', 20_000],
  ['Please try again in 250ms.', 250],
  ['Your rate limit resets in ~30s.', 30_000],
  ['Try again in 20 seconds.', 20_000],
  ['slow down; come back in 2 seconds', 2_000],
  ['Retry after 1.5 minutes', 90_000],
  ['Please wait 1 second.', 1_000],
  ['100 requests in 10 seconds are too many.', undefined],
  ['The image took 20 seconds.', undefined],
])('reads how long to wait out of %j', (words, ms) => {
  expect(readPauseMs(undefined, words)).toBe(ms);
});

it('takes what a header says before what the words say', () => {
  expect(readPauseMs(new Headers({ 'retry-after': '3' }), 'Try again in 20s.')).toBe(3_000);
});
