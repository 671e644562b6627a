import { describe, expect, it } from 'vitest';
import { hasNoQuota, readPauseMs as readPauseOf } from './pause.js';

const retryInfo = (retryDelay: string) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
});
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId }],
});
const readPauseMs = (
  { details, message = '' }: { details: Record<string, unknown>[]; message?: string },
  retryAfter: string | null,
  at: number,
) => readPauseOf({ details, message }, retryAfter, at);
const now = Date.parse('2026-11-22T20:30:00Z');

describe('readPauseMs', () => {
  it('reads durations of protobuf, whole and fractional', () => {
    expect(readPauseMs({ details: [retryInfo('53s')] }, null, now)).toBe(53_000);
    expect(readPauseMs({ details: [retryInfo('1.5s')] }, null, now)).toBe(1_500);
    expect(readPauseMs({ details: [retryInfo('0.0001s')] }, null, now)).toBe(1);
    expect(readPauseMs({ details: [retryInfo('soon')] }, null, now)).toBeUndefined();
  });

  it('reads what the message says, where nothing else does', () => {
    const said = (words: string) =>
      readPauseMs({ details: [], message: `Please retry in ${words}` }, null, now);
    expect(said('53.016342224s.')).toBe(53_017);
    expect(said('1h2m3.5s.')).toBe(3_723_500);
    expect(said('250.5ms.')).toBe(251);
    expect(said('2m.')).toBe(120_000);
    expect(said('a while.')).toBeUndefined();
    expect(readPauseMs({ details: [retryInfo('7s')], message: 'Please retry in 9s.' }, null, now)).toBe(
      7_000,
    );
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

describe('hasNoQuota', () => {
  const none = (message: string, details: Record<string, unknown>[] = []) => hasNoQuota({ message, details });

  it('knows a quota of 0 by the message, or by its value', () => {
    expect(none('* Quota exceeded for metric: x, limit: 0, model: y')).toBe(true);
    expect(none('* Quota exceeded for metric: x, limit: 0\nPlease retry in 5s.')).toBe(true);
    expect(none('* exceeded, limit: 10, model: y\n* exceeded, limit: 0, model: y')).toBe(true);
    const failure = { '@type': 'type.googleapis.com/google.rpc.QuotaFailure' };
    expect(none('', [{ ...failure, violations: [{ quotaValue: '0' }] }])).toBe(true);
    expect(none('', [{ ...failure, violations: [{ quotaValue: 0 }] }])).toBe(true);
  });

  it('takes no other for one', () => {
    for (const limit of ['05', '0.5', '10', '500'])
      expect(none(`limit: ${limit}, model: y`), limit).toBe(false);
    expect(none('', [quota('GenerateRequestsPerMinutePerProjectPerModel')])).toBe(false);
  });
});
