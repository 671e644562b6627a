import { EaselError, linkSignals } from '@easel/plugin-sdk';
import {
  batchSchema,
  fileSchema,
  imagesSchema,
  listSchema,
  type OpenAiBatch,
  type OpenAiBatchClient,
  readLines,
} from '@easel/plugin-sdk/batch';
import OpenAI from 'openai';
import { z } from 'zod';
import { failureOf } from './failures.js';
import { fetchBounded } from './fetch-bounded.js';
import type { ProviderImages } from './wire.js';

export interface ClientOptions {
  readonly apiKey: string;
  /** With the version. */
  readonly baseUrl: string;
  /** Milliseconds a small request may take. */
  readonly requestMs: number;
  /** Milliseconds an upload or a direct picture may take. */
  readonly transferMs: number;
}

/**
 * Keys are plain characters; what else is in one would show up in the error of whoever puts it into a header.
 */
export function readKey(name: string, value: string | undefined): string {
  const key = value?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `${name} is ${key === '' ? 'empty' : 'no key: it has spaces or characters beyond ASCII in it'}.`;
  throw new EaselError({ code: 'ERR_PROVIDER_AUTH', message });
}

/** Most pages of a list that are read, of a hundred entries each. */
const mostPages = 200;

/** Parasail's API. It tries nothing again by itself; every failure is an `EaselError`. */
export class ParasailClient implements OpenAiBatchClient {
  readonly #openai: OpenAI;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    const { apiKey, baseUrl, requestMs } = options;
    this.#options = options;
    this.#openai = new OpenAI({
      apiKey,
      baseURL: baseUrl,
      timeout: requestMs,
      // The client repeats a request that may have been taken, and waits for any Retry-After, however long.
      maxRetries: 0,
      // Named, so that those of a host's environment do not matter where it runs inside of the host.
      organization: null,
      project: null,
      logLevel: 'off',
      fetch: fetchBounded,
    });
  }

  async upload(filename: string, content: Buffer, stop: AbortSignal): Promise<{ readonly id: string }> {
    const file = new File([new Uint8Array(content)], filename, { type: 'application/jsonl' });
    const { transferMs: timeout } = this.#options;
    return await this.#ask('Uploading a batch', fileSchema, stop, (signal) =>
      this.#openai.files.create({ purpose: 'batch', file }, { signal, timeout }),
    );
  }

  /** The uploaded file of that name. Undefined: there is none. */
  async findFile(filename: string, stop: AbortSignal): Promise<{ readonly id: string } | undefined> {
    for await (const page of this.#pages('Looking for a file', '/files', stop)) {
      const files = page.flatMap((entry) => fileSchema.safeParse(entry).data ?? []);
      const found = files.find((file) => file.filename === filename);
      if (found) return found;
    }
    return undefined;
  }

  async deleteFile(id: string, stop: AbortSignal): Promise<void> {
    await this.#ask('Deleting a file', z.unknown(), stop, (signal) =>
      this.#openai.files.delete(id, { signal }),
    );
  }

  async createBatch(
    batch: {
      readonly fileId: string;
      readonly endpoint: string;
      readonly completionWindow: string;
      readonly metadata: Readonly<Record<string, string>>;
    },
    stop: AbortSignal,
  ): Promise<OpenAiBatch> {
    const { fileId: input_file_id, endpoint, completionWindow: completion_window, metadata } = batch;
    const body = { input_file_id, endpoint, completion_window, metadata };
    return await this.#ask('Creating a batch', batchSchema, stop, (signal) =>
      this.#openai.post<unknown>('/batches', { body, signal }),
    );
  }

  /** All batches that fit, of those that Parasail still lists. */
  async findBatches(fits: (batch: OpenAiBatch) => boolean, stop: AbortSignal): Promise<OpenAiBatch[]> {
    const found: OpenAiBatch[] = [];
    for await (const page of this.#pages('Looking for a batch', '/batches', stop))
      found.push(...page.flatMap((entry) => batchSchema.safeParse(entry).data ?? []).filter(fits));
    return found;
  }

  async readBatch(id: string, stop: AbortSignal): Promise<OpenAiBatch> {
    return await this.#ask(`Looking at ${id}`, batchSchema, stop, (signal) =>
      this.#openai.batches.retrieve(id, { signal }),
    );
  }

  async cancelBatch(id: string, stop: AbortSignal): Promise<void> {
    await this.#ask(`Cancelling ${id}`, batchSchema, stop, (signal) =>
      this.#openai.batches.cancel(id, { signal }),
    );
  }

  /** The lines of a file as they come. */
  async *fileLines(id: string, stop: AbortSignal): AsyncGenerator<string> {
    const { signal, unlink } = linkSignals([stop]);
    try {
      const response = await this.#openai.files.content(id, { signal });
      if (response.body) yield* readLines(response.body, this.#options.requestMs);
    } catch (error) {
      throw failureOf(`Reading ${id}`, error);
    } finally {
      unlink();
    }
  }

  /** A picture of a prompt, answered at once. `path`: after the base URL. */
  async generate(path: string, body: object, stop: AbortSignal): Promise<ProviderImages> {
    const { transferMs: timeout } = this.#options;
    return await this.#ask('Making a picture', imagesSchema, stop, (signal) =>
      this.#openai.post<unknown>(path, { body, signal, timeout }),
    );
  }

  /** An image made of others, answered at once. */
  async edit(
    image: File[],
    fields: { readonly prompt: string; readonly [key: string]: unknown },
    stop: AbortSignal,
  ): Promise<ProviderImages> {
    const { transferMs: timeout } = this.#options;
    return await this.#ask('Editing a picture', imagesSchema, stop, (signal) =>
      this.#openai.images.edit({ ...fields, image }, { signal, timeout }),
    );
  }

  /** Asks for the models; throws what keeps that from being answered. */
  async check(): Promise<void> {
    const { signal: stop } = new AbortController();
    await this.#ask('Looking at the models', listSchema, stop, (signal) =>
      this.#openai.get<unknown>('/models', { signal }),
    );
  }

  async *#pages(what: string, path: string, stop: AbortSignal): AsyncGenerator<unknown[]> {
    let after: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const query = { limit: 100, ...(after === undefined ? {} : { after }) };
      const list = await this.#ask(what, listSchema, stop, (signal) =>
        this.#openai.get<unknown>(path, { query, signal }),
      );
      yield list.data;
      const last = (list.data.at(-1) as { id?: unknown } | undefined)?.id;
      if (!list.has_more || typeof last !== 'string' || last === after) return;
      after = last;
    }
  }

  async #ask<Schema extends z.ZodType>(
    what: string,
    schema: Schema,
    stop: AbortSignal,
    send: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<z.output<Schema>> {
    const { signal, unlink } = linkSignals([stop]);
    let answer: unknown;
    try {
      answer = await send(signal);
    } catch (error) {
      throw failureOf(what, error);
    } finally {
      unlink();
    }
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `${what}: the answer is not of the protocol: ${issue?.path.map(String).join('.')}: ${issue?.message}`,
    });
  }
}
