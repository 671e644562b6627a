/**
 * `batchGenerateContent` and what follows it: ai.google.dev/api/batch-api.
 *
 * @module
 */

import type { Answer, SeenRequest } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { type Made, pictures, refusal, words } from './answer.js';
import { type BatchCourse, type BatchLine, EmulatedBatch } from './batch.js';
import { googleError, invalidArgument } from './errors.js';
import { type FileStore, noSuchFile, pageOf } from './files.js';
import { inlined } from './inlined.js';
import { type GeminiModel, geminiModels } from './models.js';
import { readRequest } from './request.js';

/** Bytes of requests that come inline. */
const mostInlineBytes = 20 * 1024 * 1024;

const createSchema = z.strictObject({
  batch: z.strictObject({
    displayName: z.string().min(1),
    inputConfig: z.union([
      z.strictObject({ fileName: z.string().regex(/^files\//) }),
      z.strictObject({
        requests: z.strictObject({
          requests: z
            .array(
              z.strictObject({
                request: z.unknown(),
                metadata: z.looseObject({ key: z.string().optional() }).optional(),
              }),
            )
            .min(1),
        }),
      }),
    ]),
    priority: z.string().optional(),
  }),
});

const lineSchema = z.strictObject({ key: z.string().min(1), request: z.unknown() });
const noSuchBatch = () => googleError(404, 'NOT_FOUND', 'Requested entity was not found.');

export class BatchStore {
  readonly stored = new Map<string, EmulatedBatch>();
  course: (index: number) => BatchCourse;
  readonly #files: FileStore;
  readonly #deleted = new Set<string>();
  /** Of their pictures; those of direct calls count from 0, and eight bits of a number can be read. */
  #serials = 128;

  constructor(files: FileStore, course: (index: number) => BatchCourse = () => ({})) {
    this.#files = files;
    this.course = course;
  }

  /** Pictures that were made, and paid, whether the batch has been deleted or not. */
  get paid(): number {
    return [...this.stored.values()].reduce((sum, batch) => sum + batch.paid, 0);
  }

  create(name: string, model: GeminiModel, { json, body }: SeenRequest): Answer {
    const parsed = createSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return invalidArgument(`Invalid value at '${issue?.path.map(String).join('.')}': ${issue?.message}`);
    }
    const { displayName, inputConfig } = parsed.data.batch;
    const course = this.course(this.stored.size);
    let read: { lines: BatchLine[]; failure?: { code: number; message: string } };
    if ('fileName' in inputConfig) {
      const file = this.#files.stored.get(inputConfig.fileName);
      if (!file) return noSuchFile(inputConfig.fileName);
      read = readLines(model, file.bytes.toString('utf8'), this.#files);
    } else {
      if (body.length > mostInlineBytes) return invalidArgument('Inline requests have 20 MB at most.');
      const lines = inputConfig.requests.requests.map(({ request, metadata }) =>
        lineOf(model, metadata?.key, request, this.#files),
      );
      read = { lines };
    }
    const id = `batches/emulated${this.stored.size + 1}`;
    const batch = new EmulatedBatch({
      name: id,
      model: name,
      displayName,
      fileName: 'fileName' in inputConfig ? inputConfig.fileName : undefined,
      lines: read.lines,
      failure: read.failure ?? course.failure,
      course,
      firstSerial: this.#serials,
    });
    this.#serials += read.lines.length;
    this.stored.set(id, batch);
    return { status: 200, body: batch.describe() };
  }

  list({ query }: SeenRequest): Answer {
    const batches = [...this.stored.values()].filter(({ created }) => !this.#deleted.has(created.name));
    const { shown, nextPageToken } = pageOf(batches.reverse(), query, 50);
    return { status: 200, body: { operations: shown.map((batch) => batch.describe()), ...nextPageToken } };
  }

  async read(name: string): Promise<Answer> {
    const batch = this.#find(name);
    if (!batch) return noSuchBatch();
    const isInline = batch.created.fileName === undefined && batch.isFinal;
    return { status: 200, body: batch.describe(isInline ? await this.#results(batch) : undefined) };
  }

  cancel(name: string): Answer {
    const batch = this.#find(name);
    if (!batch) return noSuchBatch();
    if (batch.cancel()) return { status: 200, body: {} };
    return googleError(400, 'FAILED_PRECONDITION', `The batch is ${batch.state} already.`);
  }

  delete(name: string): Answer {
    if (!this.#find(name)) return noSuchBatch();
    this.#deleted.add(name);
    return { status: 200, body: {} };
  }

  /** A file of results, a line each. */
  async download(name: string, { query }: SeenRequest): Promise<Answer> {
    if (query.alt !== 'media') return invalidArgument('Downloads need alt=media.');
    if (this.#files.stored.has(name)) return invalidArgument('Only generated files can be downloaded.');
    const batch = [...this.stored.values()].find(({ resultsName }) => resultsName === name);
    if (!batch?.isFinal || batch.created.course.losesFiles) return noSuchFile(name);
    const { order } = batch.created.course;
    const texts = (await this.#results(batch)).map(({ metadata, ...result }) =>
      JSON.stringify({ ...metadata, ...result }),
    );
    if (order === 'reversed') texts.reverse();
    if (order === 'shuffled') texts.sort((one, other) => hash(one) - hash(other));
    return { status: 200, body: texts.map((text) => `${text}\n`).join('') };
  }

  #find(name: string): EmulatedBatch | undefined {
    return this.#deleted.has(name) ? undefined : this.stored.get(name);
  }

  async #results(batch: EmulatedBatch) {
    return await Promise.all(
      batch.done.map(async (line) => {
        const metadata = line.key === undefined ? {} : { key: line.key };
        return { metadata, ...(await resultOf(batch, line)) };
      }),
    );
  }
}

async function resultOf(batch: EmulatedBatch, line: BatchLine): Promise<Readonly<Record<string, unknown>>> {
  const { model: name, firstSerial, lines } = batch.created;
  const outcome = batch.outcomeOf(line);
  if (outcome && 'error' in outcome) return { error: outcome.error };
  const { request } = line;
  const model = geminiModels[name];
  if (!model || 'problem' in request) throw new Error(`nothing can be made of ${line.key}`);
  let made: Made;
  if (outcome) made = refusal(name, request, outcome.refuse);
  else if (model.kind === 'text') made = words(name, request, undefined);
  else made = await pictures(name, model, request, {}, firstSerial + lines.indexOf(line));
  return { response: made.body };
}

function readLines(model: GeminiModel, text: string, files: FileStore) {
  const lines: BatchLine[] = [];
  const keys = new Set<string>();
  for (const [index, one] of text.replace(/\n$/, '').split('\n').entries()) {
    const parsed = lineSchema.safeParse(parseJson(one));
    const key = parsed.data?.key ?? '';
    if (!parsed.success || keys.has(key)) {
      const why = parsed.success ? `the key "${key}" is used twice` : parsed.error.issues[0]?.message;
      return { lines: [], failure: { code: 3, message: `Failed to parse line ${index + 1}: ${why}.` } };
    }
    keys.add(key);
    lines.push(lineOf(model, key, parsed.data.request, files));
  }
  return { lines };
}

function lineOf(model: GeminiModel, key: string | undefined, json: unknown, files: FileStore): BatchLine {
  const whole = inlined(json, files);
  const size = Buffer.from(JSON.stringify(json ?? null));
  const read = 'refusal' in whole ? whole : readRequest(model, size, whole.json);
  if ('refusal' in read) {
    const { error } = read.refusal.body as { error: { message: string } };
    return { key, request: { problem: error.message }, prompt: '' };
  }
  const parts = read.request.contents.flatMap((content) => content.parts);
  const prompt = parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
  return { key, request: read.request, prompt };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An order that is another one, and the same each time. */
const hash = (text: string) =>
  [...text.slice(0, 60)].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 9973, 7);
