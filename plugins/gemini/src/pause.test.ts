import { describe, expect, it } from 'vitest';
import { readPauseMs } from './pause.js';

const retryInfo = (retryDelay: string) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId }],
});
const now = Date.parse('2026-11-22T20:30:00Z');

describe('readPauseMs', () => {
  it('reads durations of protobuf, whole and fractional', () => {
    expect(readPauseMs({ details: [retryInfo('53s')] }, null, now)).toBe(53_000);
    expect(readPauseMs({ details: [retryInfo('1.5s')] }, null, now)).toBe(1_500);
    expect(readPauseMs({ details: [retryInfo('0.0001s')] }, null, now)).toBe(1);
    expect(readPauseMs({ details: [retryInfo('soon')] }, null, now)).toBeUndefined();
  });

  it('reads Retry-After in seconds and as a date', () => {
    expect(readPauseMs({ details: [] }, '7', now)).toBe(7_000);
    expect(readPauseMs({ details: [] }, 'Sun, 22 Nov 2026 20:30:10 GMT', now)).toBe(10_000);
    expect(readPauseMs({ details: [] }, 'Sun, 22 Nov 2026 20:29:10 GMT', now)).toBe(0);
    expect(readPauseMs({ details: [] }, 'later', now)).toBeUndefined();
  });

  it('waits for midnight in California where the quota of a day is used up', () => {
    const details = [quota('GenerateRequestsPerDayPerProjectPerModel-FreeTier'), retryInfo('53s')];
    // 20:30 UTC is 12:30 there.
    expect(readPauseMs({ details }, null, now)).toBe(11.5 * 3_600_000);
    const minute = [quota('GenerateRequestsPerMinutePerProjectPerModel'), retryInfo('53s')];
    expect(readPauseMs({ details: minute }, null, now)).toBe(53_000);
  });
});
