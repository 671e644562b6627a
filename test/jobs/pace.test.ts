import { expect, it } from 'vitest';
import { backlogSeconds, durationOf, retrySeconds } from '../../core/src/jobs/pace.js';

const pace = { queued: 30, running: 4, places: 4, lastMs: [1_000, 3_000] };

it('tells how many seconds of work wait for each place, also where there is none yet', () => {
  expect(backlogSeconds(pace)).toBe(15);
  expect(backlogSeconds({ ...pace, places: 0 })).toBe(60);
  expect(backlogSeconds({ ...pace, queued: 0 })).toBe(0);
  expect(backlogSeconds({ ...pace, lastMs: [] })).toBe(75);
});

it('says to come again when a job of the caller is likely to have ended', () => {
  // It has all of them: two seconds each, four at once.
  expect(retrySeconds(pace, 34)).toBe(1);
  // One of 34 that end is its own.
  expect(retrySeconds(pace, 1)).toBe(17);
  expect(retrySeconds({ ...pace, lastMs: [9_000_000] }, 1)).toBe(3_600);
  expect(retrySeconds({ ...pace, queued: 0, running: 0, lastMs: [1] }, 1)).toBe(1);
});

it('measures what has made images alone', () => {
  const job = { id: 'j', caller: '', priority: 0, createdAt: 0, startedAt: 1_000, endedAt: 3_500 } as const;
  expect(durationOf({ ...job, state: 'succeeded' })).toBe(2_500);
  expect(durationOf({ ...job, state: 'failed' })).toBeUndefined();
});
