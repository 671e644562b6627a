import { EaselError } from '@easel/plugin-sdk';
import {
  batchSchema,
  fileSchema,
  listSchema,
  type OpenAiBatch,
  type OpenAiBatchClient,
} from '@easel/plugin-sdk/batch';
import { type FailureRow, formOf, Service } from '@easel/plugin-sdk/provider';
import type { z } from 'zod';
import type { FoundServer } from '../find-server.js';

/** Milliseconds for what a server answers at once, and between two pieces of a file that it sends. */
const questionMs = 60_000;
/** Pages of a list that are read, of a hundred entries each, at most. */
const mostPages = 200;

const failures: readonly FailureRow[] = [
  { words: /insufficient_quota|billing_hard_limit/, code: 'ERR_PROVIDER_AUTH' },
];

/** A server's files and batches: platform.openai.com/docs/api-reference/batch. */
export class BatchClient implements OpenAiBatchClient {
  readonly #service: Service;
  readonly #uploads: Service;
  readonly #query: FoundServer['query'];

  /** @param requestMs milliseconds that an upload may take; smaller requests may take a minute at most */
  constructor({ name, baseUrl, headers, query }: FoundServer, requestMs: number) {
    this.#query = query;
    const common = { name, baseUrl, headers, failures };
    this.#service = new Service({ ...common, timeoutMs: Math.min(requestMs, questionMs) });
    this.#uploads = new Service({ ...common, timeoutMs: requestMs });
  }

  async upload(filename: string, content: Buffer, signal: AbortSignal): Promise<{ readonly id: string }> {
    const body = formOf({ purpose: 'batch' });
    body.append('file', new Blob([new Uint8Array(content)], { type: 'application/jsonl' }), filename);
    return this.#read(fileSchema, (await this.#uploads.ask({ url: this.#url('files'), body, signal })).json);
  }

  async findFile(filename: string, signal: AbortSignal): Promise<{ readonly id: string } | undefined> {
    for await (const page of this.#pages('files', fileSchema, signal)) {
      const found = page.find((file) => file.filename === filename);
      if (found) return found;
    }
    return undefined;
  }

  async deleteFile(id: string, signal: AbortSignal): Promise<void> {
    await this.#service.ask({ url: this.#url(`files/${encodeURIComponent(id)}`), method: 'DELETE', signal });
  }

  async createBatch(
    { fileId, endpoint, completionWindow, metadata }: Parameters<OpenAiBatchClient['createBatch']>[0],
    signal: AbortSignal,
  ): Promise<OpenAiBatch> {
    const body = { input_file_id: fileId, endpoint, completion_window: completionWindow, metadata };
    return this.#read(
      batchSchema,
      (await this.#service.ask({ url: this.#url('batches'), body, signal })).json,
    );
  }

  async findBatches(fits: (batch: OpenAiBatch) => boolean, signal: AbortSignal): Promise<OpenAiBatch[]> {
    const found: OpenAiBatch[] = [];
    for await (const page of this.#pages('batches', batchSchema, signal)) found.push(...page.filter(fits));
    return found;
  }

  async readBatch(id: string, signal: AbortSignal): Promise<OpenAiBatch> {
    const { json } = await this.#service.ask({ url: this.#url(`batches/${encodeURIComponent(id)}`), signal });
    return this.#read(batchSchema, json);
  }

  async cancelBatch(id: string, signal: AbortSignal): Promise<void> {
    await this.#service.ask({
      url: this.#url(`batches/${encodeURIComponent(id)}/cancel`),
      method: 'POST',
      signal,
    });
  }

  fileLines(id: string, signal: AbortSignal): AsyncGenerator<string, void> {
    return this.#service.lines({ url: this.#url(`files/${encodeURIComponent(id)}/content`), signal });
  }

  async *#pages<Entry extends { readonly id: string }>(
    path: string,
    schema: z.ZodType<Entry>,
    signal: AbortSignal,
  ): AsyncGenerator<Entry[]> {
    let after: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const url = this.#url(path, { limit: '100', ...(after === undefined ? {} : { after }) });
      const { json } = await this.#service.ask({ url, signal });
      const { data, has_more: hasMore } = this.#read(listSchema, json);
      yield data.flatMap((entry) => schema.safeParse(entry).data ?? []);
      const last = (data.at(-1) as { id?: unknown } | undefined)?.id;
      if (!hasMore || typeof last !== 'string' || last === after) return;
      after = last;
    }
  }

  #url(path: string, more: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({ ...this.#query, ...more });
    return query.size === 0 ? path : `${path}?${query}`;
  }

  #read<Value>(schema: z.ZodType<Value>, json: unknown): Value {
    const { data, error } = schema.safeParse(json);
    if (!error) return data as Value;
    const [issue] = error.issues;
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `The answer of ${this.#service.name} is not of the protocol: ${issue?.path.join('.')}: ${issue?.message}`,
    });
  }
}
