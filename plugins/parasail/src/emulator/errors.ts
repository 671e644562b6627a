import type { Answer } from '@easel/plugin-sdk/emulator';

export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/**
 * An error in the shape of OpenAI's API, which Parasail's follows:
 * platform.openai.com/docs/guides/error-codes.
 */
export const openAiError = (
  status: number,
  { message, type, param = null, code = null }: OpenAiError,
  headers?: Readonly<Record<string, string>>,
): Answer => ({ status, ...(headers ? { headers } : {}), body: { error: { message, type, param, code } } });

export const invalidRequest = (message: string, param: string | null = null, code: string | null = null) =>
  openAiError(400, { message, type: 'invalid_request_error', param, code });

export const notFound = (message: string) =>
  openAiError(404, { message, type: 'invalid_request_error', code: 'not_found' });

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
