import type { ErrorCode } from '../error-table.js';
import { EaselError } from '../errors.js';

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
