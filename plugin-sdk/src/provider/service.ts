import { readLines } from '../batch/read-lines.js';
import { EaselError } from '../errors.js';
import { linkSignals } from '../link-signals.js';
import { aborted } from '../paid/failures.js';
import { parseJson } from '../parse-json.js';
import { patientFetch } from '../patient-fetch.js';
import { readBody } from '../read-body.js';
import { isUnsent, reasonOf } from '../unsent.js';
import { classify, type FailureRow, readPauseMs, risk, riskHint, unusable } from './failures.js';

/** Bytes of an answer, at most: several images as base64. */
const mostBytes = 256 * 1024 * 1024;

export interface ServiceOptions {
  /** As people call it. */
  readonly name: string;
  readonly baseUrl: string;
  /** With every request, the key among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds within which an answer has to be there whole. */
  readonly timeoutMs: number;
  /** What its refusals are, before the rows that hold for all. */
  readonly failures: readonly FailureRow[];
  /**
   * Other hosts that are given the key, where an answer names addresses there: names, or ends of names that
   * begin with a dot. Absent: none.
   */
  readonly hosts?: readonly string[];
}

export interface Ask {
  /** Absent: GET, or POST with a body. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, or a whole address that the service itself has named. */
  readonly url: string;
  /** Sent as JSON, or as a form. */
  readonly body?: object | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Whether an image is paid by it: what cannot be told then counts as paid. Absent: no. */
  readonly pays?: boolean;
  /**
   * Whether an answer in JSON is answered whatever its status is, for {@link Service.failureOf}. Absent: no.
   */
  readonly takesFailures?: boolean;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly bytes: Uint8Array;
  /** Undefined: it is no JSON. */
  readonly json: unknown;
}

/**
 * The HTTP API of a provider. Every request is sent once; nothing is repeated, and no redirection is
 * followed.
 */
export class Service {
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * Sends a request and reads the answer.
   *
   * @throws EaselError by the error table for an answer that is no success; ERR_ABORTED; where `pays` and it
   * may have been taken, one with `mayBePaid`
   */
  async ask(ask: Ask): Promise<ServiceAnswer> {
    const { signal: stop, unlink } = linkSignals([ask.signal], this.#options.timeoutMs);
    try {
      return await this.#read(await this.#fetch(ask, stop), ask);
    } catch (error) {
      if (EaselError.isInstance(error)) throw error;
      throw this.#broken(error, ask, stop.aborted);
    } finally {
      unlink();
    }
  }

  /**
   * Sends a request, and reads the lines of its answer as they come, which may be of any number.
   *
   * @throws EaselError as {@link ask}; also where nothing comes for `timeoutMs`
   */
  async *lines(ask: Ask): AsyncGenerator<string, void> {
    const { signal: stop, unlink } = linkSignals([ask.signal]);
    try {
      const response = await this.#fetch(ask, stop);
      if (response.status !== 200 || !response.body) await this.#read(response, ask);
      else yield* readLines(response.body, this.#options.timeoutMs);
    } catch (error) {
      if (EaselError.isInstance(error)) throw error;
      throw this.#broken(error, ask, false);
    } finally {
      unlink();
    }
  }

  async #fetch(ask: Ask, signal: AbortSignal): Promise<Response> {
    const { body, method = body ? 'POST' : 'GET' } = ask;
    const isForm = body instanceof FormData;
    return await patientFetch(this.#addressOf(ask), {
      method,
      headers: {
        ...this.#options.headers,
        ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
        ...ask.headers,
      },
      ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
      signal,
    });
  }

  #addressOf({ url, pays = false }: Ask): URL {
    const { baseUrl, hosts = [], name } = this.#options;
    const base = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
    if (!/^[a-z][a-z\d+.-]*:/i.test(url)) return new URL(url.replace(/^\//, ''), base);
    const address = URL.canParse(url) ? new URL(url) : undefined;
    const isKnown = (host: string) => hosts.some((known) => host === known || host.endsWith(known));
    const isOwn = address?.host === base.host && address.protocol === base.protocol;
    if (address && (isOwn || (address.protocol === 'https:' && isKnown(address.host)))) return address;
    throw unusable(name, `it names an address at ${address?.host ?? 'no host'}, which is not its own`, pays);
  }

  async #read(response: Response, { pays = false, takesFailures = false }: Ask): Promise<ServiceAnswer> {
    const { status, headers } = response;
    const { name } = this.#options;
    const bytes = await readBody(response, mostBytes).catch((error: unknown) => {
      throw EaselError.isInstance(error) ? unusable(name, error.message, pays) : error;
    });
    const json = parseJson(Buffer.from(bytes).toString('utf8'));
    const answer = { status, headers, bytes: new Uint8Array(bytes), json };
    if ((status >= 200 && status < 300) || (takesFailures && json !== undefined)) return answer;
    // What stands between may say so although the service has taken the request.
    throw this.failureOf(answer, pays && json === undefined && status >= 500);
  }

  /** The error that an answer is, by the error table. */
  failureOf({ status, headers, bytes, json }: ServiceAnswer, mayBePaid = false): EaselError {
    const { name, failures } = this.#options;
    const words = json === undefined ? Buffer.from(bytes).toString('utf8') : wordsOf(json);
    const code = mayBePaid ? 'ERR_PROVIDER_BAD_RESPONSE' : classify(failures, status, words);
    const pauseMs = readPauseMs(headers, words);
    return new EaselError({
      code,
      message: `${name} answered ${status}: ${words.slice(0, 500) || 'it gave no reason'}${mayBePaid ? ` ${risk}` : ''}`,
      ...(code === 'ERR_PROVIDER_RATE_LIMITED' || code === 'ERR_PROVIDER_UNAVAILABLE'
        ? { retryAfterMs: pauseMs }
        : {}),
      ...(mayBePaid ? { hint: riskHint, mayBePaid } : {}),
    });
  }

  #broken(error: unknown, { signal, pays = false }: Ask, isLate: boolean): EaselError {
    const { name, timeoutMs } = this.#options;
    const told = pays ? { hint: riskHint, mayBePaid: true } : {};
    const end = pays ? ` ${risk}` : '';
    if (signal.aborted) return aborted();
    if (isLate) {
      const message = `${name} did not answer within ${timeoutMs} ms.${end}`;
      return new EaselError({
        code: pays ? 'ERR_DEADLINE' : 'ERR_PROVIDER_UNAVAILABLE',
        message,
        ...told,
      });
    }
    const { code, message } = reasonOf(error);
    if (!pays || isUnsent(code))
      return new EaselError({
        code: 'ERR_PROVIDER_UNAVAILABLE',
        message: `${name} cannot be reached: ${message}`,
      });
    return new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `The connection to ${name} broke off before the whole answer had come (${message}).${end}`,
      ...told,
      cause: error,
    });
  }
}

/** What an error says, in whichever of the usual forms: all texts of its JSON, outermost first. */
function wordsOf(json: unknown): string {
  const words: string[] = [];
  const open = [json];
  for (let value = open.shift(); value !== undefined && words.length < 20; value = open.shift()) {
    if (typeof value === 'string') words.push(value);
    else if (typeof value === 'object' && value !== null) open.push(...Object.values(value));
  }
  return words.join('; ');
}
