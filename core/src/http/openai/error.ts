import type { ErrorAnswer } from '../errors.js';

/** Names that OpenAI's clients know; all other codes are our own. */
const codes: Readonly<Record<string, string>> = {
  ERR_MODEL_UNKNOWN: 'model_not_found',
  ERR_MODEL_NOT_INSTALLED: 'model_not_found',
  ERR_CONTENT_REFUSED: 'content_policy_violation',
  ERR_PROVIDER_RATE_LIMITED: 'rate_limit_exceeded',
};

const typeOf = (status: number): string => {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
};

/** An error in OpenAI's shape; the hint is part of the message, since its clients show nothing else. */
export function openAiError({ status, code, message, hint, param, plugin }: ErrorAnswer) {
  return {
    error: {
      message: hint ? `${message} ${hint}` : message,
      type: typeOf(status),
      param: param?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) ?? null,
      code: codes[code] ?? code,
      ...(plugin === undefined ? {} : { plugin }),
    },
  };
}
