/**
 * How long a quota error asks to wait, and whether waiting helps.
 *
 * @module
 */
import { readRetryAfterMs } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { ErrorBody } from './answer.js';

const retryInfoSchema = z.object({
  '@type': z.literal('type.googleapis.com/google.rpc.RetryInfo'),
  retryDelay: z.string(),
});
const violationSchema = z.object({
  quotaId: z.string().catch('').default(''),
  /** 64 bits: a string in Google's JSON. */
  quotaValue: z.coerce.string().catch('').default(''),
});
const quotaFailureSchema = z.object({
  '@type': z.literal('type.googleapis.com/google.rpc.QuotaFailure'),
  violations: z.array(violationSchema).default([]),
});

/** Where the quotas of a day begin anew at midnight: ai.google.dev/gemini-api/docs/rate-limits. */
const quotaTimeZone = 'America/Los_Angeles';
const dayMs = 86_400_000;

const violationsOf = ({ details }: Pick<ErrorBody, 'details'>) =>
  details.flatMap((detail) => quotaFailureSchema.safeParse(detail).data?.violations ?? []);

/**
 * Whether a quota that was exceeded is none at all: the project may not use the model, for example as it has
 * no billing, and no waiting helps, whatever RetryInfo says beside it. The message has "limit: 0"
 * (googleapis/js-genai#1322).
 */
export const hasNoQuota = (body: Pick<ErrorBody, 'message' | 'details'>): boolean =>
  /\blimit: ?0(?![.\d]*\d)/.test(body.message) ||
  violationsOf(body).some(({ quotaValue }) => quotaValue === '0');

/**
 * Milliseconds until another try makes sense, or undefined where nothing says so. The quota of a day is used
 * up until midnight, whatever RetryInfo says beside it.
 *
 * @param retryAfter the header of that name, in seconds or as a date
 * @param now milliseconds since 1970
 */
export function readPauseMs(
  body: Pick<ErrorBody, 'message' | 'details'>,
  retryAfter: string | null,
  now: number,
): number | undefined {
  if (violationsOf(body).some(({ quotaId }) => /PerDay|Daily/i.test(quotaId))) return msUntilMidnight(now);
  for (const detail of body.details) {
    const asked = readDurationMs(retryInfoSchema.safeParse(detail).data?.retryDelay);
    if (asked !== undefined) return asked;
  }
  const said = /Please retry in ([\d.hms]+)/.exec(body.message)?.[1]?.replace(/\.$/, '');
  const headers = retryAfter === null ? undefined : new Headers({ 'retry-after': retryAfter });
  return readRetryAfterMs(headers, now) ?? readDurationMs(said);
}

/** A duration as protobuf writes it in JSON, `1.5s`, or as Google's messages do, `1h2m3.5s` and `300ms`. */
function readDurationMs(text = ''): number | undefined {
  const parts = /^(?:([\d.]+)h)?(?:([\d.]+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/.exec(text)?.slice(1);
  if (!parts?.some((part) => part !== undefined)) return undefined;
  const [hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = parts.map((part) => Number(part ?? 0));
  const total = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
  return Number.isNaN(total) ? undefined : Math.ceil(total);
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
