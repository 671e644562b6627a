/**
 * What went wrong with a request, as an error of the table.
 *
 * @module
 */
import { EaselError, isUnsent, reasonOf } from '@easel/plugin-sdk';
import { type ErrorBody, errorBodySchema } from './answer.js';
import { hasNoQuota, readPauseMs } from './pause.js';

const riskHint = 'Send the call again if you take the risk of paying twice.';

/** How much of an answer that is not JSON is quoted. */
const quoted = 300;

export interface FailedAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  readonly about: Subject;
}

/**
 * What was asked for or about: a model by its id, or something else in words, such as `the batch batches/1`,
 * that may be cancelled.
 */
export type Subject =
  | { readonly model: string }
  | { readonly thing: string; readonly isToBeCancelled?: boolean };

/** What a failure says of a request that makes something, where nobody knows whether it was made. */
export const riskOf = (about: Subject) =>
  'model' in about ? { says: '; it may have been paid', mayBePaid: true, hint: riskHint } : { says: '' };

/** An answer that is not a success: ai.google.dev/gemini-api/docs/troubleshooting. */
export function failureOf({ status, retryAfter, text, about }: FailedAnswer): EaselError {
  const body = readBody(text);
  const said = `Google answered ${status}${body.status ? ` ${body.status}` : ''}: ${body.message}`;
  const fail = (code: EaselError['code'], message = said, hint?: string) =>
    new EaselError({ code, message, hint, retryAfterMs: pauseMs() });
  const pauseMs = () =>
    status === 429 || status >= 500 ? readPauseMs(body, retryAfter, Date.now()) : undefined;

  if ('thing' in about && isGone(status, body, about)) {
    const message = `Google has nothing to do for ${about.thing}, or has it no more. ${said}`;
    return fail('ERR_REQUEST_INVALID', message);
  }
  if (status === 401 || status === 403 || body.details.some(isAboutKey))
    return fail('ERR_PROVIDER_AUTH', `Google refused GEMINI_API_KEY. ${said}`);
  if (body.status === 'FAILED_PRECONDITION') {
    const hint = 'Look at the billing and the region of the project that GEMINI_API_KEY belongs to.';
    return fail('ERR_PROVIDER_AUTH', said, hint);
  }
  if (status === 404 && 'model' in about) {
    const hint = "Name a model that Google has as the `source.id` of the model's catalogue file.";
    return fail(
      'ERR_MODEL_UNKNOWN',
      `Google has no model "${about.model}", or has it no more. ${said}`,
      hint,
    );
  }
  if (status === 429 && hasNoQuota(body)) {
    const hint =
      'Enable billing for the project that GEMINI_API_KEY belongs to, or name a model that it may use.';
    return new EaselError({
      code: 'ERR_PROVIDER_AUTH',
      message: `The project has no quota for this. ${said}`,
      hint,
    });
  }
  if (status === 429) return fail('ERR_PROVIDER_RATE_LIMITED');
  // What stands before the API may have passed the request on, and nobody can ask what has become of it.
  if ('model' in about && status >= 500 && body.status === '') {
    const { says, ...risk } = riskOf(about);
    return new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message: `${said}${says}.`, ...risk });
  }
  // Google charges nothing for a request that it fails itself: ai.google.dev/gemini-api/docs/billing, "Am I
  // charged for failed requests?".
  if (status === 408 || status === 499 || status >= 500) return fail('ERR_PROVIDER_UNAVAILABLE');
  if (status === 400 || status === 413) return fail('ERR_REQUEST_INVALID');
  return fail('ERR_PROVIDER_BAD_RESPONSE');
}

function readBody(text: string): ErrorBody {
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.error;
  } catch {
    // What stands before the API answers in HTML.
  }
  return { message: text.slice(0, quoted) || '(nothing)', status: '', details: [] };
}

/** A file that there is not is answered with 403, and a batch that has ended cannot be cancelled. */
const isGone = (
  status: number,
  { status: name, message }: ErrorBody,
  { isToBeCancelled }: { readonly isToBeCancelled?: boolean },
) =>
  status === 404 ||
  /or it may not exist/.test(message) ||
  (isToBeCancelled === true && name === 'FAILED_PRECONDITION');

/** google.rpc.ErrorInfo: API_KEY_INVALID, API_KEY_SERVICE_BLOCKED and others. */
const isAboutKey = ({ reason }: Readonly<Record<string, unknown>>) =>
  typeof reason === 'string' && reason.startsWith('API_KEY_');

/**
 * A request without a whole answer. There is no way to ask Google what has become of one, so that only what
 * cannot have been paid is given a code that the kernel tries again by itself.
 */
export function brokenOff(error: unknown, host: string, about: Subject): EaselError {
  const { code, message } = reasonOf(error);
  const { says, ...risk } = riskOf(about);
  if (isUnsent(code))
    return new EaselError({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: `${host} cannot be reached: ${message}`,
      cause: error,
    });
  return new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `The connection to ${host} broke off before the whole answer had come (${message})${says}.`,
    cause: error,
    ...risk,
  });
}

/** Settings that say how long a request may take. */
export type Limit = 'requestMs' | 'flexMs';

/** Google has not answered in time. */
export function tooLate(withinMs: number, about: Subject, limit: Limit = 'requestMs'): EaselError {
  const { says, mayBePaid } = riskOf(about);
  return new EaselError({
    code: 'ERR_DEADLINE',
    message: `Google did not answer within ${withinMs} ms${says}.`,
    hint: `Raise plugins.gemini.options.${limit} in easel.config.json.`,
    mayBePaid,
  });
}

/** An answer of 200 that cannot be read. */
export function unreadable(why: string, about: Subject): EaselError {
  const { says, ...risk } = riskOf(about);
  return new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Google's answer cannot be read: ${why}${says}.`,
    ...risk,
  });
}

/** The failure of a request that pays nothing, and may be made again where its answer was lost or late. */
export function asPassing(error: unknown): unknown {
  if (!EaselError.isInstance(error)) return error;
  const { code, message } = error;
  return code === 'ERR_PROVIDER_BAD_RESPONSE' || code === 'ERR_DEADLINE'
    ? new EaselError({ code: 'ERR_PROVIDER_UNAVAILABLE', message, cause: error })
    : error;
}
