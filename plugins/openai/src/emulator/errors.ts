import type { Answer } from '@easel/plugin-sdk/emulator';
import type { Dialect } from './dialects.js';

export interface Problem {
  readonly status: number;
  readonly message: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error in the form of the emulated server. */
export function errorAnswer({ errors }: Pick<Dialect, 'errors'>, problem: Problem): Answer {
  const {
    status,
    message,
    type = 'invalid_request_error',
    code = null,
    param = null,
    headers = {},
  } = problem;
  if (errors === 'xai') return { status, headers, body: { code: code ?? type, error: message } };
  if (errors === 'openai') return { status, headers, body: { error: { message, type, param, code } } };
  const detail =
    status === 422 ? [{ loc: ['body', param ?? ''], msg: message, type: 'value_error' }] : message;
  return { status, headers, body: { detail } };
}

/** A prompt that is refused, as OpenAI's moderation does it. */
export const moderated = {
  status: 400,
  message: 'Your request was rejected by the safety system. safety_violations=[violence].',
  type: 'image_generation_user_error',
  code: 'moderation_blocked',
} as const satisfies Problem;

export const tooManyRequests = (seconds?: number): Problem => ({
  status: 429,
  message:
    seconds === undefined
      ? 'Rate limit reached for requests.'
      : `Rate limit reached for images per minute. Please try again in ${seconds}s.`,
  type: 'requests',
  code: 'rate_limit_exceeded',
});
