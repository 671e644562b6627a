/**
 * What went wrong, as an error of the table, and whether an image may have been paid.
 *
 * @module
 */
import { EaselError, type ErrorCode } from '@easel/plugin-sdk';
import { readPauseMs } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

const risk = 'The image may have been paid.';
const riskHint = 'Send the call again if you take the risk of paying twice.';

const refusalCodes: ReadonlySet<string> = new Set([
  'moderation_blocked',
  'content_policy_violation',
  'content_filter',
  'ResponsibleAIPolicyViolation',
]);

const text = z.string().min(1);
const details = z.object({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
  param: z.string().nullish(),
});
/** The forms in which errors come: OpenAI's, xAI's, FastAPI's and DeepInfra's. */
const errorSchema = z.union([
  z.object({ error: details }).transform(({ error }) => error),
  z
    .object({ error: text, code: z.string().nullish() })
    .transform(({ error, code }) => ({ message: error, code })),
  z.object({ detail: text }).transform(({ detail }) => ({ message: detail })),
  z.object({ detail: z.object({ error: text }) }).transform(({ detail }) => ({ message: detail.error })),
  z
    .object({
      detail: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() })).min(1),
    })
    .transform(({ detail }) => ({
      message: detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; '),
    })),
  details,
]);
interface ProviderError {
  readonly message?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly code?: string | number | null | undefined;
}

/**
 * An answer that is not a success, or an error in a stream (status 200). A proxy's answer may hide an image
 * that was made.
 */
export function refusedBy(
  server: string,
  status: number,
  answer: unknown,
  headers?: { get(name: string): string | null },
): EaselError {
  const error: ProviderError | undefined = errorSchema.safeParse(answer).data;
  const code = codeOf(status, error);
  const said = error?.message || 'it gave no reason';
  const mayBePaid = error === undefined && status >= 500;
  return new EaselError({
    code: mayBePaid ? 'ERR_PROVIDER_BAD_RESPONSE' : code,
    message: `${server} answered ${status}${error?.code ? ` ${error.code}` : ''}: ${said.slice(0, 1000)}${mayBePaid ? ` ${risk}` : ''}`,
    ...(code === 'ERR_PROVIDER_RATE_LIMITED' ? { retryAfterMs: readPauseMs(headers, said) } : {}),
    ...(mayBePaid ? { hint: riskHint, mayBePaid } : {}),
  });
}

function codeOf(status: number, error: ProviderError = {}): ErrorCode {
  const code = String(error.code ?? '');
  const words = error.message ?? '';
  if (refusalCodes.has(code) || error.type === 'image_generation_user_error') return 'ERR_CONTENT_REFUSED';
  // Azure blocks a resource for its prompts with 403, which is not about the key.
  if (status === 403 && /content (management )?policy/i.test(words)) return 'ERR_CONTENT_REFUSED';
  if (status === 400 && /content (management )?policy|safety system|moderation/i.test(words))
    return 'ERR_CONTENT_REFUSED';
  if (status === 401 || status === 402 || status === 403) return 'ERR_PROVIDER_AUTH';
  if (code === 'insufficient_quota' || code === 'billing_hard_limit_reached') return 'ERR_PROVIDER_AUTH';
  if (status === 429 || code === 'rate_limit_exceeded') return 'ERR_PROVIDER_RATE_LIMITED';
  if (code === 'model_not_found' || (status === 404 && /model/i.test(words))) return 'ERR_MODEL_UNKNOWN';
  if (status === 408 || status === 409 || status >= 500) return 'ERR_PROVIDER_UNAVAILABLE';
  if (status >= 400) return 'ERR_REQUEST_INVALID';
  return status === 200 ? 'ERR_PROVIDER_UNAVAILABLE' : 'ERR_PROVIDER_BAD_RESPONSE';
}

/** An answer that has come and cannot be used. */
export const unreadable = (server: string, why: string, cause?: unknown): EaselError =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `The answer of ${server} cannot be read: ${why}. ${risk}`,
    hint: riskHint,
    mayBePaid: true,
    cause,
  });

/** What the connection failed with. */
export function brokenOff(
  server: string,
  error: unknown,
  isUnsent: (code: string | undefined) => boolean,
): EaselError {
  let inner = error as { cause?: unknown; errors?: unknown[]; code?: unknown; message?: unknown };
  while (inner.cause ?? inner.errors?.[0]) inner = (inner.cause ?? inner.errors?.[0]) as typeof inner;
  if (isUnsent(String(inner.code)))
    return new EaselError({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: `${server} cannot be reached: ${String(inner.message)}`,
    });
  return new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `The connection to ${server} broke off before the whole answer had come (${String(inner.message)}). ${risk}`,
    hint: riskHint,
    mayBePaid: true,
    cause: error,
  });
}
