import { linkSignals, patientFetch, reasonOf } from '@easel/plugin-sdk';
import { z } from 'zod';
import { ServerFailure } from '../terminal/server-failure.js';

const answerMs = 15_000;
const failureSchema = z.looseObject({
  error: z.looseObject({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

/** Asks a server that runs, over HTTP. */
export class ServerClient {
  readonly url: string;
  readonly #key: string | undefined;

  /** @param key an API key. Undefined: none is shown */
  constructor(url: string, key: string | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  /** Rejects with a {@link ServerFailure}. */
  async ask<Answer>(
    schema: z.ZodType<Answer>,
    path: string,
    { method = 'GET', body }: { method?: 'GET' | 'POST' | 'DELETE'; body?: object } = {},
  ): Promise<Answer> {
    const answer = await this.#send(path, method, body);
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw this.#unusable(`answers ${method} ${path} in a way that this command does not know`);
  }

  async #send(path: string, method: string, body: object | undefined): Promise<unknown> {
    const { signal, unlink } = linkSignals([], answerMs);
    try {
      const response = await patientFetch(`${this.url}${path}`, {
        method,
        signal,
        headers: {
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (response.ok) return answer;
      throw this.#failure(response.status, answer);
    } catch (error) {
      if (error instanceof ServerFailure) throw error;
      throw this.#unusable(`does not answer (${reasonOf(error).message})`);
    } finally {
      unlink();
    }
  }

  #failure(status: number, answer: unknown): ServerFailure {
    const parsed = failureSchema.safeParse(answer);
    const error = parsed.data?.error ?? {
      code: `${status}`,
      message: `${this.url} answers status ${status}.`,
    };
    const isRefused = status === 401 || status === 403;
    const hint = isRefused ? 'Set EASEL_API_KEY to a key with the scope admin.' : error.hint;
    return new ServerFailure({ code: error.code, message: error.message, hint });
  }

  #unusable(what: string): ServerFailure {
    return new ServerFailure({
      code: 'ERR_NO_SERVER',
      message: `The server ${this.url} ${what}.`,
      hint: 'Look whether it runs, and whether --url or EASEL_URL leads to it.',
    });
  }
}
