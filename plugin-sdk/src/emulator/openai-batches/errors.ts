import type { Answer } from '../http-emulator.js';

export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** An error in the shape of OpenAI's API: platform.openai.com/docs/guides/error-codes. */
export const openAiError = (
  status: number,
  { message, type, param = null, code = null }: OpenAiError,
  headers?: Readonly<Record<string, string>>,
): Answer => ({ status, ...(headers ? { headers } : {}), body: { error: { message, type, param, code } } });

export const invalidRequest = (message: string, param: string | null = null, code: string | null = null) =>
  openAiError(400, { message, type: 'invalid_request_error', param, code });

export const notFound = (message: string) =>
  openAiError(404, { message, type: 'invalid_request_error', code: 'not_found' });
