import type { ErrorCode } from '../error-table.js';
import { EaselError } from '../errors.js';
import { readRetryAfterMs } from '../retry-after.js';

export const risk = 'The image may have been paid.';
export const riskHint = 'Make the call anew, under another id, if you take the risk of paying twice.';

/** A row of a provider's error table: which answers are which error. */
export interface FailureRow {
  /** Statuses of HTTP. Absent: every one. */
  readonly status?: number | readonly number[];
  /** Found in what the answer says. Absent: whatever it says. */
  readonly words?: RegExp;
  readonly code: ErrorCode;
}

/** What holds where no row of a provider's own table does. */
const commonRows: readonly FailureRow[] = [
  { status: [401, 402, 403], code: 'ERR_PROVIDER_AUTH' },
  { status: 429, code: 'ERR_PROVIDER_RATE_LIMITED' },
  { status: [408, 425], code: 'ERR_PROVIDER_UNAVAILABLE' },
  { status: [400, 404, 405, 409, 410, 413, 415, 422], code: 'ERR_REQUEST_INVALID' },
];

/** The code of an answer that is no success: by the first row that fits. */
export function classify(rows: readonly FailureRow[], status: number, words: string): ErrorCode {
  const fits = (row: FailureRow) =>
    (row.status === undefined || [row.status].flat().includes(status)) && (row.words?.test(words) ?? true);
  const found = [...rows, ...commonRows].find(fits);
  return found?.code ?? (status >= 500 ? 'ERR_PROVIDER_UNAVAILABLE' : 'ERR_PROVIDER_BAD_RESPONSE');
}

/** An answer that has come and cannot be used; it has been paid if it was to a request that pays. */
export const unusable = (name: string, why: string, mayBePaid: boolean, cause?: unknown): EaselError =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `The answer of ${name} cannot be used: ${why}.${mayBePaid ? ` ${risk}` : ''}`,
    ...(mayBePaid ? { hint: riskHint, mayBePaid } : {}),
    cause,
  });

/** Milliseconds that an answer asks to wait, by its headers or in its words. Undefined: it does not say. */
export function readPauseMs(headers: Pick<Headers, 'get'> | undefined, words: string): number | undefined {
  const told = readRetryAfterMs(headers);
  if (told !== undefined) return told;
  const [, amount, unit] =
    /(?:(?:again|resets|back|wait)(?: in)?|retry after|retry in) ~?(\d+(?:\.\d+)?) ?(ms|s|m|milliseconds?|seconds?|minutes?)\b/i.exec(
      words,
    ) ?? [];
  if (amount === undefined) return undefined;
  const unitMs = /^(?:ms|milli)/i.test(unit ?? '') ? 1 : /^m/i.test(unit ?? '') ? 60_000 : 1000;
  return Math.ceil(Number(amount) * unitMs);
}
