import type { Answer } from '@easel/plugin-sdk/emulator';

/** An error in Google's shape: ai.google.dev/gemini-api/docs/troubleshooting. */
export function googleError(
  code: number,
  status: string,
  message: string,
  details: readonly Readonly<Record<string, unknown>>[] = [],
): Answer {
  const error = { code, message, status, ...(details.length === 0 ? {} : { details }) };
  return { status: code, body: { error } };
}

export const invalidArgument = (message: string): Answer => googleError(400, 'INVALID_ARGUMENT', message);

/** What a key that is none is answered with. */
export const invalidKey = (): Answer =>
  googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
  ]);

export const missingKey = (): Answer =>
  googleError(
    403,
    'PERMISSION_DENIED',
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  );

export const modelNotFound = (model: string): Answer =>
  googleError(
    404,
    'NOT_FOUND',
    `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
  );

export interface RateLimit {
  /** Quota that is used up. Absent: that of the minute. */
  readonly per?: 'minute' | 'day';
  /** What that quota is; 0 for a project that may not use the model. Absent: 50. */
  readonly limit?: number;
  /** A protobuf duration such as `1.5s`. Absent: the answer has no RetryInfo. */
  readonly retryDelay?: string;
  /** Absent: the answer has no such header. */
  readonly retryAfter?: string;
}

/** 429 with the details that Google's quota errors have. */
export function rateLimited({ per = 'minute', limit = 50, retryDelay, retryAfter }: RateLimit = {}): Answer {
  const hint = retryDelay === undefined ? '' : ` Please retry in ${retryDelay}.`;
  const quotaMetric = 'generativelanguage.googleapis.com/generate_content_free_tier_requests';
  const model = 'gemini-3.1-flash-image';
  const exceeded = `\n* Quota exceeded for metric: ${quotaMetric}, limit: ${limit}, model: ${model}\n`;
  const quotaId = `GenerateRequestsPer${per === 'day' ? 'Day' : 'Minute'}PerProjectPerModel`;
  const answer = googleError(
    429,
    'RESOURCE_EXHAUSTED',
    `You exceeded your current quota, please check your plan and billing details.${exceeded}${hint}`,
    [
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [
          {
            quotaMetric,
            quotaId,
            quotaDimensions: { location: 'global', model },
            // A number of 64 bits is a string, and one of 0 is left out.
            ...(limit === 0 ? {} : { quotaValue: `${limit}` }),
          },
        ],
      },
      ...(retryDelay === undefined
        ? []
        : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]),
    ],
  );
  return { ...answer, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) };
}
