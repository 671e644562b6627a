import { atom } from 'nanostores';
import * as z from 'zod/mini';
import { type ApiProblem, failureSchema } from './schemas.js';

// The policy of the page forbids code that is made of text.
z.config({ jitless: true });

/** What the server refuses, or that it cannot be reached (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: ApiProblem;
  readonly requestId: string | undefined;

  constructor(status: number, problem: ApiProblem, requestId?: string) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
  }
}

/** Milliseconds after which what only reads is given up: a network may be gone without a word. */
const readMs = 30_000;

/** What the server asks of pages that change something. Absent: it has no keys. */
export const $token = atom<string | undefined>();

/** An address of the server, wherever a host app has it. */
export const addressOf = (path: string): string => new URL(path, document.baseURI).href;

export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PATCH';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the server for JSON. Rejects with ApiError. */
export async function call<Schema extends z.ZodMiniType>(
  schema: Schema,
  path: string,
  { method = 'GET', body, headers = {} }: CallOptions = {},
): Promise<z.infer<Schema>> {
  const token = $token.get();
  const sent: RequestInit = {
    method,
    headers: {
      ...headers,
      ...(token ? { 'x-easel-token': token } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    ...(method === 'GET' ? { signal: AbortSignal.timeout(readMs) } : {}),
  };
  const response = await fetch(addressOf(path), sent).catch(() => undefined);
  if (!response) throw new ApiError(0, { code: 'unreachable', message: 'The server cannot be reached.' });
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const failure = z.safeParse(failureSchema, json);
    const problem = failure.success
      ? failure.data.error
      : { code: `http_${response.status}`, message: `The server answered with status ${response.status}.` };
    throw new ApiError(response.status, problem, response.headers.get('x-request-id') ?? undefined);
  }
  return z.parse(schema, json);
}

/** A name that nobody else draws; `crypto.randomUUID` is only there on secure pages. */
export const drawId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
