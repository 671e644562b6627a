/**
 * How long a quota error asks to wait.
 *
 * @module
 */
import { z } from 'zod';
import type { ErrorBody } from './answer.js';

const retryInfoSchema = z.object({
  '@type': z.literal('type.googleapis.com/google.rpc.RetryInfo'),
  retryDelay: z.string(),
});
const quotaFailureSchema = z.object({
  '@type': z.literal('type.googleapis.com/google.rpc.QuotaFailure'),
  violations: z.array(z.object({ quotaId: z.string().default('') })).default([]),
});

/** Where the quotas of a day begin anew at midnight: ai.google.dev/gemini-api/docs/rate-limits. */
const quotaTimeZone = 'America/Los_Angeles';
const dayMs = 86_400_000;

/**
 * Milliseconds until another try makes sense, or undefined where nothing says so. The quota of a day is used up until midnight, whatever
 * RetryInfo says beside it.
 *
 * @param retryAfter the header of that name, in seconds or as a date
 * @param now milliseconds since 1970
 */
export function readPauseMs(
  { details }: Pick<ErrorBody, 'details'>,
  retryAfter: string | null,
  now: number,
): number | undefined {
  const violations = details.flatMap((detail) => quotaFailureSchema.safeParse(detail).data?.violations ?? []);
  if (violations.some(({ quotaId }) => /PerDay/i.test(quotaId))) return msUntilMidnight(now);
  for (const detail of details) {
    const asked = readDurationMs(retryInfoSchema.safeParse(detail).data?.retryDelay);
    if (asked !== undefined) return asked;
  }
  return readRetryAfterMs(retryAfter, now);
}

/** A duration as protobuf writes it in JSON, `1.5s`. */
function readDurationMs(text: string | undefined): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

/** RFC 9110, section 10.2.3. */
function readRetryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function msUntilMidnight(now: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: quotaTimeZone,
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  const [hours = 0, minutes = 0, seconds = 0] = format.format(now).split(':').map(Number);
  return dayMs - ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
