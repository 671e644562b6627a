import { type ErrorCode, type Image, postJson } from '@easel/plugin-sdk';
import { z } from 'zod';

/** What the provider is asked for. Put your provider's own fields in place of these. */
export interface ProviderRequest {
  readonly model: string;
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly enhance: boolean;
}

export interface Connection {
  readonly baseUrl: string;
  readonly requestMs: number;
  readonly key: string;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({
  image: z.base64(),
  cost: z.number().nonnegative(),
  /** As the provider has worded it. */
  prompt: z.string().optional(),
});
const errorSchema = z.object({ error: z.string() });

/** Has one image made; throws an EaselError with a code of the error table. */
export async function makeImage(
  body: ProviderRequest,
  { baseUrl, requestMs, key, idempotencyKey, signal }: Connection,
): Promise<{ bytes: Image['bytes']; cost: number; prompt?: string | undefined }> {
  const answer = await postJson(`${baseUrl}/v1/images`, {
    provider: 'http-ts',
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey },
    body,
    timeoutMs: requestMs,
    signal,
    classify,
  });
  const { image, cost, prompt } = answerSchema.parse(answer);
  return { bytes: new Uint8Array(Buffer.from(image, 'base64')), cost, prompt };
}

/** What the provider says in words of its own; all else is told by its status. */
function classify(_status: number, answer: unknown): ErrorCode | undefined {
  const { error } = errorSchema.safeParse(answer).data ?? {};
  if (error === 'content_refused') return 'ERR_CONTENT_REFUSED';
  return error === 'unknown_model' ? 'ERR_MODEL_UNKNOWN' : undefined;
}
