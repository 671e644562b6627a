/**
 * What went wrong, as an error of the table.
 *
 * @module
 */
import { EaselError, type ErrorCode, isUnsent, readRetryAfterMs, reasonOf } from '@easel/plugin-sdk';
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { errorSchema, type ProviderError } from './wire.js';

const refusalCodes: ReadonlySet<string> = new Set([
  'content_policy_violation',
  'content_filter',
  'moderation_blocked',
]);

/** The code of an answer that is not a success: platform.openai.com/docs/guides/error-codes. */
function codeOf(status: number, { code }: ProviderError): ErrorCode {
  if (refusalCodes.has(String(code))) return 'ERR_CONTENT_REFUSED';
  if (status === 401 || status === 402 || status === 403 || code === 'insufficient_quota')
    return 'ERR_PROVIDER_AUTH';
  if (status === 429) return 'ERR_PROVIDER_RATE_LIMITED';
  if (status === 408 || status === 409 || status >= 500) return 'ERR_PROVIDER_UNAVAILABLE';
  if (code === 'model_not_found') return 'ERR_MODEL_UNKNOWN';
  return status >= 400 ? 'ERR_REQUEST_INVALID' : 'ERR_PROVIDER_BAD_RESPONSE';
}

/** An answer that is not a success, to a request or in a line of a batch. */
export function refusedBy(
  what: string,
  status: number,
  given: unknown,
  { retryAfterMs, cause }: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
): EaselError {
  const error = errorSchema.safeParse(given).data ?? {};
  const code = codeOf(status, error);
  const key = code === 'ERR_PROVIDER_AUTH' ? 'Parasail refused PARASAIL_API_KEY. ' : '';
  const said = error.message ?? (typeof given === 'string' ? given.slice(0, 300) : 'it gave no reason');
  return new EaselError({
    code,
    message: `${key}${what}: Parasail answered ${status}${error.code ? ` ${error.code}` : ''}: ${said}`,
    retryAfterMs,
    cause,
  });
}

/** What the client threw, for what was being done. An error that has its code already stays. */
export function failureOf(what: string, error: unknown): EaselError {
  if (EaselError.isInstance(error)) return error;
  if (error instanceof APIUserAbortError)
    return new EaselError({ code: 'ERR_ABORTED', message: `${what} was cancelled.` });
  if (error instanceof APIConnectionTimeoutError)
    return new EaselError({ code: 'ERR_DEADLINE', message: `${what}: Parasail did not answer in time.` });
  if (error instanceof APIError && error.status !== undefined)
    return refusedBy(what, error.status, error.error ?? error.message, {
      retryAfterMs: readRetryAfterMs(error.headers),
      cause: error,
    });
  return brokenOff(what, error instanceof APIConnectionError ? error.cause : error);
}

function brokenOff(what: string, error: unknown): EaselError {
  const { code, message } = reasonOf(error ?? {});
  const isBefore = isUnsent(code);
  return new EaselError({
    code: isBefore ? 'ERR_PROVIDER_UNAVAILABLE' : 'ERR_PROVIDER_BAD_RESPONSE',
    message: isBefore
      ? `${what}: Parasail cannot be reached: ${message}`
      : `${what}: the connection broke off before the whole answer had come (${message}).`,
    cause: error,
  });
}
