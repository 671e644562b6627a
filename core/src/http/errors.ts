/**
 * Errors as callers of the HTTP APIs see them: a status for each code, and the shape of the API that was
 * called.
 *
 * @module
 */
import { EaselError, type ErrorCode } from '@easel/plugin-sdk';

/** 499 is what servers write in their logs for a caller that has gone away. */
const statuses: Readonly<Record<ErrorCode, number>> = {
  ERR_REQUEST_INVALID: 400,
  ERR_MODEL_UNKNOWN: 404,
  ERR_MODEL_NOT_INSTALLED: 404,
  ERR_NO_ROUTE: 404,
  ERR_CONTENT_REFUSED: 400,
  // Not 429: clients would send it again at once, and be refused until the next day.
  ERR_BUDGET: 402,
  ERR_ABORTED: 499,
  ERR_CONFIG_INVALID: 500,
  ERR_CATALOGUE_INVALID: 500,
  ERR_MODEL_FILES_INVALID: 500,
  ERR_SECRET_MISSING: 500,
  ERR_PROVIDER_AUTH: 502,
  ERR_MANIFEST_INVALID: 500,
  ERR_MANIFEST_DUPLICATE: 500,
  ERR_API_INCOMPATIBLE: 500,
  ERR_PLUGIN_PROTOCOL: 502,
  ERR_PLUGIN_FAILED: 502,
  ERR_PLUGIN_START_FAILED: 502,
  ERR_PLUGIN_CRASHED: 502,
  ERR_PLUGIN_STALLED: 504,
  ERR_PLUGIN_QUARANTINED: 503,
  ERR_PLUGIN_DISABLED: 503,
  ERR_PROVIDER_UNAVAILABLE: 502,
  ERR_PROVIDER_RATE_LIMITED: 429,
  ERR_PROVIDER_BAD_RESPONSE: 502,
  ERR_DEADLINE: 504,
  ERR_CIRCUIT_OPEN: 503,
  ERR_QUEUE_FULL: 503,
  ERR_STORAGE: 507,
  ERR_KERNEL_CLOSED: 503,
  ERR_INTERNAL: 500,
};

interface HttpErrorDetails {
  readonly param?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly mayRetry?: boolean | undefined;
}

/** An error of the door itself, before the kernel has been asked. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  /** The field that it is about. Absent: none in particular. */
  readonly param: string | undefined;
  /** Seconds after which another try makes sense. Absent: unknown. */
  readonly retryAfterS: number | undefined;
  /** Whether the same request may be sent again. */
  readonly mayRetry: boolean;

  constructor(
    status: number,
    code: string,
    message: string,
    { param, retryAfterS, mayRetry = status === 429 || status === 503 }: HttpErrorDetails = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.retryAfterS = retryAfterS;
    this.mayRetry = mayRetry;
  }
}

/** All that any of the shapes is made of. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  /** The field that it is about, by its name in the contract or, from the door itself, by the caller's. */
  readonly param: string | null;
  readonly plugin: string | undefined;
}

const secondMs = 1_000;

/** What an error of any kind is answered with; a defect of ours tells nothing of its insides. */
export function answerFor(thrown: unknown): ErrorAnswer {
  if (EaselError.isInstance(thrown)) return ofKernel(thrown);
  if (thrown instanceof HttpError) {
    const { status, code, message, param = null, retryAfterS, mayRetry } = thrown;
    const headers = retryHeaders(mayRetry, retryAfterS);
    return { status, headers, code, message, hint: undefined, param, plugin: undefined };
  }
  const {
    statusCode = 500,
    code,
    message,
  } = thrown as Partial<Record<'code' | 'message', string>> & {
    statusCode?: number;
  };
  // Fastify's own, for what is not JSON, too large, or nowhere.
  const isCallers = statusCode >= 400 && statusCode < 500;
  return {
    status: isCallers ? statusCode : 500,
    headers: retryHeaders(!isCallers, undefined),
    code: isCallers ? (code ?? 'invalid_request') : 'ERR_INTERNAL',
    message: isCallers ? (message ?? 'The request is not valid.') : 'Easel failed; its log says why.',
    hint: undefined,
    param: null,
    plugin: undefined,
  };
}

function ofKernel(error: EaselError): ErrorAnswer {
  const { code, message, field, hint, plugin, retryAfterMs, retryable } = error;
  const retryAfterS = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / secondMs);
  return {
    // Storage that may soon be well again is worth another try.
    status: code === 'ERR_STORAGE' && retryAfterMs !== undefined ? 503 : statuses[code],
    headers: retryHeaders(retryable, retryAfterS),
    code,
    message,
    hint,
    param: field ?? null,
    plugin,
  };
}

/** `x-should-retry` is what OpenAI's clients obey before any rule of their own. */
const retryHeaders = (mayRetry: boolean, retryAfterS: number | undefined): Record<string, string> => ({
  'x-should-retry': `${mayRetry}`,
  ...(retryAfterS === undefined ? {} : { 'retry-after': `${retryAfterS}` }),
});
