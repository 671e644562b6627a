import type { ErrorCode } from '../error-table.js';
import { EaselError, type EaselErrorOptions } from '../errors.js';

const passing: ReadonlySet<ErrorCode> = new Set([
  'ERR_PROVIDER_UNAVAILABLE',
  'ERR_PROVIDER_RATE_LIMITED',
  'ERR_PROVIDER_BAD_RESPONSE',
  'ERR_DEADLINE',
]);

/** Whether the same request may be answered a little later. */
export const isPassing = (error: unknown): error is EaselError =>
  EaselError.isInstance(error) && passing.has(error.code);

/** Whether the request may have been done although it failed; a limit or a refusal says that it was not. */
export const isUnclear = (error: unknown): boolean =>
  isPassing(error) && error.code !== 'ERR_PROVIDER_RATE_LIMITED';

/** Whether an error says that the provider does not know what it was asked about. */
export const isUnknown = (error: unknown): error is EaselError =>
  EaselError.isInstance(error) &&
  (error.code === 'ERR_REQUEST_INVALID' || error.code === 'ERR_MODEL_UNKNOWN');

/**
 * The failure of a line that is not made: whatever it says of having been paid is about a request before it.
 */
export const asUnpaid = (error: EaselError): EaselError => (error.mayBePaid ? changed(error, {}) : error);

/** The failure of a line that may have been paid. */
export const asPaid = (error: EaselError): EaselError =>
  error.mayBePaid ? error : changed(error, { mayBePaid: true });

/**
 * The failure of a line that stays for its call to come again. Where the call has an id, asking again finds
 * the line; where it has none, asking again could pay again, so that the failure is none that passes.
 */
export function leftBehind(error: EaselError, hasId: boolean): EaselError {
  if (hasId || !isPassing(error)) return asPaid(error);
  return changed(error, { code: 'ERR_PROVIDER_BAD_RESPONSE', mayBePaid: true });
}

function changed(error: EaselError, change: Partial<EaselErrorOptions>): EaselError {
  const { code, message, hint, plugin, retryAfterMs } = error;
  return new EaselError({ code, message, hint, plugin, retryAfterMs, cause: error, ...change });
}
