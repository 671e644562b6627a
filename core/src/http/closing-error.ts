import { HttpError } from './errors.js';

const retryAfterS = 5;

/** What is answered while the server closes. */
export function closingError({ mayBePaid = false } = {}): HttpError {
  const what = mayBePaid
    ? 'The server is closing; the call may have been paid. One with an Idempotency-Key would be finished by the next server.'
    : 'The server is closing; send the request again.';
  return new HttpError(503, 'server_closing', what, { retryAfterS, mayRetry: !mayBePaid });
}
