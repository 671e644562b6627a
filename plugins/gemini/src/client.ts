import { EaselError } from '@easel/plugin-sdk';
import { type GenerateContentParameters, GoogleGenAI } from '@google/genai';
import { answerSchema, type ModelAnswer } from './answer.js';
import { brokenOff, failureOf, tooLate } from './failures.js';

export interface ClientOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Milliseconds one request may take. */
  readonly requestMs: number;
}

/** Keys are plain characters; what else is in one would show up in the error of whoever puts it into a header. */
export function readKey(name: string, value: string | undefined): string {
  const key = value?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `${name} is ${key === '' ? 'empty' : 'no key: it has spaces or characters beyond ASCII in it'}.`;
  throw new EaselError({ code: 'ERR_PROVIDER_AUTH', message });
}

/**
 * Sends requests by @google/genai, which knows what they look like, and reads the answers itself: the package leaves `finishMessage` out,
 * Google's own words on a refusal, and makes one string of an error and its details. It is told not to try anything again.
 */
export class GeminiClient {
  readonly #options: ClientOptions;
  readonly #google: GoogleGenAI;
  readonly #host: string;

  constructor(options: ClientOptions) {
    const { apiKey, baseUrl } = options;
    this.#options = options;
    this.#host = new URL(baseUrl).host;
    // Named, so that GOOGLE_GENAI_USE_VERTEXAI and the like of a host's environment do not matter where it runs inside of the host.
    this.#google = new GoogleGenAI({
      apiKey,
      vertexai: false,
      apiVersion: 'v1beta',
      httpOptions: { baseUrl },
    });
  }

  /**
   * One request to `generateContent`.
   *
   * @throws EaselError of the codes in failures.ts, or ERR_ABORTED
   */
  async generate(
    { model, contents, config }: GenerateContentParameters,
    signal: AbortSignal,
  ): Promise<ModelAnswer> {
    let text: string | undefined;
    await this.#send(model, signal, async (httpOptions, keep) => {
      await this.#google.models.generateContent({
        model,
        contents,
        config: { ...config, abortSignal: signal, httpOptions },
      });
      text = keep.text;
    });
    const parsed = answerSchema.safeParse(parseJson(text ?? ''));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `Google's answer is not of its protocol: ${issue?.path.map(String).join('.')}: ${issue?.message}`,
    });
  }

  /** Asks for one model of the list; throws what keeps that from being answered. */
  async check(): Promise<void> {
    const { signal } = new AbortController();
    await this.#send('', signal, async (httpOptions) => {
      await this.#google.models.list({ config: { pageSize: 1, httpOptions } });
    });
  }

  async #send(
    model: string,
    signal: AbortSignal,
    send: (httpOptions: object, keep: { readonly text: string }) => Promise<void>,
  ): Promise<void> {
    const keep = { text: '' };
    const read = async (url: string, init?: RequestInit): Promise<Response> => {
      // A redirection would carry the key to another host.
      const response = await fetch(url, { ...init, redirect: 'manual' });
      const text = await response.text();
      const { status, ok, headers } = response;
      if (!ok) throw failureOf({ status, retryAfter: headers.get('retry-after'), text, model });
      keep.text = text;
      // A picture of 20 MB is parsed once, here.
      return new Response('{}', { status, headers: { 'content-type': 'application/json' } });
    };
    try {
      await send({ timeout: this.#options.requestMs, fetch: read }, keep);
    } catch (error) {
      if (EaselError.isInstance(error)) throw error;
      if (signal.aborted) throw new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });
      if ((error as Error).name === 'AbortError') throw tooLate(this.#options.requestMs);
      throw brokenOff(error, this.#host);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
