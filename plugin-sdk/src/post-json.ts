import type { ErrorCode } from './error-table.js';
import { EaselError } from './errors.js';
import { linkSignals } from './link-signals.js';
import { parseJson } from './parse-json.js';
import { patientFetch } from './patient-fetch.js';
import { readBody } from './read-body.js';
import { readRetryAfterMs } from './retry-after.js';
import { isUnsent, reasonOf } from './unsent.js';

const mostBytes = 64 * 1024 * 1024;
const mostWords = 1_000;

export interface PostJsonOptions {
  /** The provider's name, for errors. */
  readonly provider: string;
  /** The key belongs here, never into the URL. Absent: the content type alone. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Milliseconds until the whole answer has to be there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The most bytes that the answer may have. Absent: 64 MiB. */
  readonly maximumBytes?: number;
  /**
   * The code of an answer that is no success, by its status and JSON. Absent, or undefined: by the status
   * alone.
   */
  readonly classify?: (status: number, answer: unknown) => ErrorCode | undefined;
}

/**
 * Sends JSON once and answers the JSON that comes back; validate it. It follows no redirection, which would
 * carry the key to another host.
 *
 * @throws EaselError with a code of the table: ERR_PROVIDER_AUTH, ERR_PROVIDER_RATE_LIMITED with
 * `retryAfterMs`, ERR_PROVIDER_UNAVAILABLE, ERR_REQUEST_INVALID, ERR_PROVIDER_BAD_RESPONSE, ERR_DEADLINE,
 * ERR_ABORTED, or of `classify`; `mayBePaid` where the provider may have done the work
 */
export async function postJson(url: string | URL, options: PostJsonOptions): Promise<unknown> {
  const { provider, headers, body, timeoutMs, signal, maximumBytes = mostBytes } = options;
  const linked = linkSignals([signal], timeoutMs);
  try {
    const response = await patientFetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: linked.signal,
    });
    const text = (await readBody(response, maximumBytes)).toString('utf8');
    if (!response.ok) throw refusal(response, text, options);
    return JSON.parse(text);
  } catch (error) {
    if (signal.aborted) throw failure('ERR_ABORTED', 'The call was cancelled.', error, { mayBePaid: true });
    if (linked.signal.aborted)
      throw failure('ERR_DEADLINE', `${provider} did not answer within ${timeoutMs} ms.`, error, {
        mayBePaid: true,
      });
    if (EaselError.isInstance(error) && !error.message.startsWith('it is larger')) throw error;
    throw broken(provider, error);
  } finally {
    linked.unlink();
  }
}

function refusal(
  { status, headers }: Response,
  text: string,
  { provider, classify }: PostJsonOptions,
): EaselError {
  const code = classify?.(status, parseJson(text)) ?? codeOf(status);
  const isLimited = code === 'ERR_PROVIDER_RATE_LIMITED' || code === 'ERR_PROVIDER_UNAVAILABLE';
  const retryAfterMs = isLimited ? readRetryAfterMs(headers) : undefined;
  return new EaselError({
    code,
    retryAfterMs,
    message: `${provider} answered ${status}: ${text.slice(0, mostWords) || 'it gave no reason'}`,
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 402 || status === 403) return 'ERR_PROVIDER_AUTH';
  if (status === 429) return 'ERR_PROVIDER_RATE_LIMITED';
  if (status === 408 || status >= 500) return 'ERR_PROVIDER_UNAVAILABLE';
  return status >= 400 ? 'ERR_REQUEST_INVALID' : 'ERR_PROVIDER_BAD_RESPONSE';
}

/** What a connection, or an answer that has come, failed with. */
function broken(provider: string, error: unknown): EaselError {
  const { code, message } = reasonOf(error);
  if (isUnsent(code))
    return failure('ERR_PROVIDER_UNAVAILABLE', `${provider} cannot be reached: ${message}.`, error);
  const why = `The answer of ${provider} cannot be read: ${message}.`;
  return failure('ERR_PROVIDER_BAD_RESPONSE', why, error, { mayBePaid: true });
}

const failure = (code: ErrorCode, what: string, cause: unknown, { mayBePaid = false } = {}): EaselError =>
  new EaselError({
    code,
    message: mayBePaid ? `${what} The call may have been paid.` : what,
    cause,
    mayBePaid,
  });
