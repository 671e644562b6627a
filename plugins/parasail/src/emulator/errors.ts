import { openAiError } from '@easel/plugin-sdk/emulator';

export { openAiError };

export const invalidKey = () =>
  openAiError(401, {
    message: 'Incorrect API key provided.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  });

/**
 * 429 as it comes where the requests of a minute are used up. `retryAfter`: seconds or a date; absent: no
 * such header.
 */
export const tooManyRequests = (retryAfter?: string) =>
  openAiError(
    429,
    { message: 'Rate limit reached for requests.', type: 'requests', code: 'rate_limit_exceeded' },
    retryAfter === undefined ? undefined : { 'retry-after': retryAfter },
  );

export const unavailable = (status: 500 | 502 | 503 = 503) =>
  openAiError(status, { message: 'The server is overloaded.', type: 'server_error' });
