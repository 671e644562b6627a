import { expect, it } from 'vitest';
import { paceWith, timeLeftMs } from '../../studio/src/live/pace.js';

it('tells how long a job takes yet by what this page saw of it, whatever the clock of the server says', () => {
  const one = paceWith(undefined, { fraction: 0.2, atMs: 1_000 });
  expect(timeLeftMs(one, 6_000)).toBeUndefined();
  const two = paceWith(one, { fraction: 0.6, atMs: 5_000 });
  expect(timeLeftMs(two, 6_000)).toBeCloseTo(3_000);
  expect(timeLeftMs(two, 60_000)).toBe(0);
  // A server that was started again begins the job again.
  const again = paceWith(two, { fraction: 0.1, atMs: 9_000 });
  expect(timeLeftMs(again, 9_500)).toBeUndefined();
});
