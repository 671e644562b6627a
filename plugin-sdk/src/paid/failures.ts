import { EaselError } from '../errors.js';
import type { RequestRecord } from './request-files.js';

const riskHint = 'Make the call anew, under another id, if you take the risk of paying twice.';

export const aborted = () => new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });

export const closed = ({ mayBePaid = false } = {}) =>
  new EaselError({
    code: 'ERR_PLUGIN_DISABLED',
    message: `The plugin is being closed.${mayBePaid ? ' The call may have been paid.' : ''}`,
    mayBePaid,
  });

/**
 * What a request has failed with that has no code of its own. Whether it had been sent by then nobody knows.
 */
export const unclassified = (error: unknown): EaselError =>
  new EaselError({
    code: 'ERR_PLUGIN_FAILED',
    message: `A request failed, and may have been paid: ${error instanceof Error ? error.message : String(error)}`,
    hint: riskHint,
    mayBePaid: true,
    cause: error,
  });

export const unwritable = (what: string, cause: unknown): EaselError =>
  new EaselError({
    code: 'ERR_STORAGE',
    message: `${what} could not be written down, and was not sent: ${(cause as Error).message}`,
    hint: 'Make room in, and access to, the storage folder of the plugin.',
    cause,
  });

/** Of a request whose process has ended before an answer was written down. */
export const lost = (): NonNullable<RequestRecord['failure']> => ({
  code: 'ERR_PROVIDER_BAD_RESPONSE',
  message:
    'A request of this call was sent by a process that has ended before the answer came; it may have been paid, and cannot be asked for.',
  hint: riskHint,
});

/**
 * The failure of an image that is paid and cannot be read or fetched: final, since nobody else is to be paid
 * for it as well, and the message says so.
 */
export function unread(error: EaselError): EaselError {
  if (error.code === 'ERR_ABORTED') return error;
  const { message, hint, retryAfterMs } = error;
  const says = message.includes('may have been paid') ? message : `${message} It may have been paid.`;
  return new EaselError({
    ...{ code: 'ERR_PROVIDER_BAD_RESPONSE', message: says, hint, retryAfterMs },
    mayBePaid: true,
    cause: error,
  });
}
