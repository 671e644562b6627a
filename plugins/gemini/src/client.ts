import { EaselError, linkSignals, parseJson, patientFetch, readBody } from '@easel/plugin-sdk';
import { type GenerateContentParameters, GoogleGenAI, ServiceTier } from '@google/genai';
import { z } from 'zod';
import { answerSchema, type ModelAnswer } from './answer.js';
import { brokenOff, failureOf, type Limit, type Subject, tooLate, unreadable } from './failures.js';

export interface ClientOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly api: 'gemini' | 'vertex';
  /** Milliseconds one request may take. */
  readonly requestMs: number;
  /** The same in the flex tier. */
  readonly flexMs: number;
}

/** Bytes of an answer; the largest pictures make some 40 MB of base64. */
const mostBytes = 128 * 1024 * 1024;

/**
 * Keys are plain characters; what else is in one would show up in the error of whoever puts it into a header.
 */
export function readKey(name: string, value: string | undefined): string {
  const key = value?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `${name} is ${key === '' ? 'empty' : 'no key: it has spaces or characters beyond ASCII in it'}.`;
  throw new EaselError({ code: 'ERR_PROVIDER_AUTH', message });
}

/**
 * Sends requests by @google/genai, which knows what they look like, and reads the answers itself: the package
 * leaves `finishMessage` out, Google's own words on a refusal, and makes one string of an error and its
 * details. It is told not to try anything again.
 */
export class GeminiClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * One request to `generateContent`.
   *
   * @throws EaselError of the codes in failures.ts, or ERR_ABORTED
   */
  async generate(parameters: GenerateContentParameters, signal: AbortSignal): Promise<ModelAnswer> {
    const about = { model: parameters.model };
    const isFlex = parameters.config?.serviceTier === ServiceTier.FLEX;
    return await this.ask(
      about,
      answerSchema,
      signal,
      (google) => google.models.generateContent(parameters),
      isFlex ? { limit: 'flexMs' } : {},
    );
  }

  /** The body of a request to `generateContent`, JSON, as the package writes it; nothing is sent. */
  async write(parameters: GenerateContentParameters): Promise<string> {
    let written = '';
    const google = this.#createGoogle(async (_, init) => {
      written = String(init?.body);
      return emptyAnswer();
    });
    await google.models.generateContent(parameters);
    return written;
  }

  /**
   * Asks for one model of the list; throws what keeps that from being answered. Vertex AI lists none to a
   * key.
   */
  async check(): Promise<void> {
    if (this.#options.api === 'vertex') return;
    const { signal } = new AbortController();
    await this.ask({ thing: 'the list of models' }, z.unknown(), signal, (google) =>
      google.models.list({ config: { pageSize: 1 } }),
    );
  }

  /**
   * Has the package send one request, or several of one upload, and reads the last answer.
   *
   * @param limit the setting that says how long it may take. Absent: `requestMs`.
   * @param shows whether the package needs the answers itself. Absent: no; a picture of 20 MB is parsed once,
   * here.
   * @throws EaselError of the codes in failures.ts, or ERR_ABORTED
   */
  async ask<Schema extends z.ZodType>(
    about: Subject,
    schema: Schema,
    stop: AbortSignal,
    send: (google: GoogleGenAI) => Promise<unknown>,
    { shows = false, limit = 'requestMs' }: AskOptions = {},
  ): Promise<z.output<Schema>> {
    const ending = linkSignals([stop]);
    let text = '';
    const google = this.#createGoogle(async (url, init) => {
      const { signal, unlink } = linkSignals([ending.signal, init?.signal ?? undefined]);
      const { status, headers, read } = await this.#exchange(url, { ...init, signal }, about).finally(unlink);
      text = read;
      return shows ? new Response(text, { status, headers }) : emptyAnswer();
    }, limit);
    try {
      await send(google);
    } catch (error) {
      if ((error as Error).name === 'AbortError' && !stop.aborted)
        throw tooLate(this.#options[limit], about, limit);
      throw this.#failureOf(error, about, stop);
    } finally {
      ending.unlink();
    }
    return readAnswer(schema, text, about);
  }

  /**
   * One request that the package would repeat by itself, or know less of than is needed.
   *
   * @param path below the version of the API
   * @throws EaselError of the codes in failures.ts, or ERR_ABORTED
   */
  async request<Schema extends z.ZodType>(
    about: Subject,
    schema: Schema,
    stop: AbortSignal,
    { method, path, body }: OwnRequest,
  ): Promise<z.output<Schema>> {
    const { apiKey, baseUrl, requestMs } = this.#options;
    const { signal, unlink } = linkSignals([stop], requestMs);
    const headers = { 'x-goog-api-key': apiKey, 'content-type': 'application/json' };
    const init = { method, headers, signal, ...(body ? { body: JSON.stringify(body) } : {}) };
    try {
      const { read } = await this.#exchange(`${baseUrl}/v1beta/${path}`, init, about);
      return readAnswer(schema, read, about);
    } catch (error) {
      if (signal.aborted && !stop.aborted) throw tooLate(requestMs, about);
      throw this.#failureOf(error, about, stop);
    } finally {
      unlink();
    }
  }

  async #exchange(url: string, init: RequestInit, about: Subject) {
    const response = await patientFetch(url, init);
    const read = await readText(response, about);
    const { status, ok, headers } = response;
    if (!ok) throw failureOf({ status, retryAfter: headers.get('retry-after'), text: read, about });
    return { status, headers, read };
  }

  #failureOf(error: unknown, about: Subject, stop: AbortSignal): EaselError {
    if (EaselError.isInstance(error)) return error;
    if (stop.aborted) return new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });
    return brokenOff(error, new URL(this.#options.baseUrl).host, about);
  }

  /** One for each request: an upload takes no options but those of the whole package. */
  #createGoogle(
    send: (url: string, init?: RequestInit) => Promise<Response>,
    limit: Limit = 'requestMs',
  ): GoogleGenAI {
    const { api, apiKey, baseUrl, [limit]: timeout } = this.#options;
    // Named, so that GOOGLE_GENAI_USE_VERTEXAI and the like of a host's environment do not matter where it
    // runs inside of the host.
    return new GoogleGenAI({
      apiKey,
      vertexai: api === 'vertex',
      apiVersion: api === 'vertex' ? 'v1beta1' : 'v1beta',
      httpOptions: { baseUrl, timeout, fetch: send as typeof fetch },
    });
  }
}

interface OwnRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

interface AskOptions {
  readonly shows?: boolean;
  readonly limit?: Limit;
}

async function readText(response: Response, about: Subject): Promise<string> {
  const bytes = await readBody(response, mostBytes).catch((error: unknown) => {
    throw EaselError.isInstance(error) ? unreadable(error.message, about) : error;
  });
  return bytes.toString('utf8');
}

function readAnswer<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  about: Subject,
): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(`${issue?.path.map(String).join('.')}: ${issue?.message}`, about);
}

const emptyAnswer = () => new Response('{}', { headers: { 'content-type': 'application/json' } });
