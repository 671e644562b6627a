/**
 * Files and batches as OpenAI's API has them: platform.openai.com/docs/api-reference/batch.
 *
 * @module
 */
import { z } from 'zod';
import type { Answer, SeenRequest } from '../http-emulator.js';
import { type BatchCourse, EmulatedBatch } from './batch.js';
import { invalidRequest, notFound, openAiError } from './errors.js';
import { FileStore, noSuchFile, page } from './files.js';
import { type LineRules, readBatchLines } from './lines.js';

export interface BatchApiOptions<Body> {
  readonly rules: LineRules<Body>;
  /** The body of the answer to a line, whose picture has that serial number. */
  readonly draw: (body: Body, serial: number) => Promise<object>;
  /** Serial numbers for so many pictures: the first. */
  readonly takeSerials: (count: number) => number;
  /** How the batches go, told of how many came before. Absent: each is done in a few milliseconds. */
  readonly course?: ((index: number) => BatchCourse<Body>) | undefined;
}

const createSchema = z.strictObject({
  input_file_id: z.string(),
  endpoint: z.string(),
  completion_window: z.literal('24h'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

/** Answers the requests that are about files and batches. */
export class BatchApi<Body> {
  readonly files: FileStore;
  readonly batches = new Map<string, EmulatedBatch<Body>>();
  course: (index: number) => BatchCourse<Body>;
  readonly #options: BatchApiOptions<Body>;

  constructor(options: BatchApiOptions<Body>) {
    this.#options = options;
    this.files = new FileStore(options.rules.mostBytes);
    this.course = options.course ?? (() => ({}));
  }

  /** Pictures that were made in batches, and paid. */
  get paid(): number {
    return [...this.batches.values()].reduce((sum, batch) => sum + batch.paid, 0);
  }

  /** Undefined: the request is about something else. */
  async answer(request: SeenRequest): Promise<Answer | undefined> {
    const [, first = '', id, verb] =
      /^\/v1\/(files|batches)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(request.path) ?? [];
    const route = `${request.method} ${first}${id === undefined ? '' : '/id'}${verb ? `/${verb}` : ''}`;
    if (route === 'POST files') return await this.files.upload(request);
    if (route === 'GET files') return this.files.list(request);
    if (route === 'GET files/id') return this.files.read(id ?? '');
    if (route === 'DELETE files/id') return this.files.delete(id ?? '');
    if (route === 'GET files/id/content') return await this.#content(id ?? '');
    if (route === 'POST batches') return this.#create(request);
    if (route === 'GET batches') return this.#list(request);
    if (route === 'GET batches/id') return this.#read(id ?? '');
    if (route === 'POST batches/id/cancel') return this.#cancel(id ?? '');
    return undefined;
  }

  #create({ json }: SeenRequest): Answer {
    const { rules, draw, takeSerials } = this.#options;
    const parsed = createSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return invalidRequest(`${issue?.path.join('.')}: ${issue?.message}`, issue?.path.join('.'));
    }
    const { input_file_id: inputFileId, endpoint, completion_window: window, metadata } = parsed.data;
    if (!rules.endpoints.has(endpoint))
      return invalidRequest('endpoint: is not an endpoint of batches', 'endpoint');
    const file = this.files.stored.get(inputFileId);
    if (!file) return invalidRequest(`No such File object: ${inputFileId}`, 'input_file_id');
    const course = this.course(this.batches.size);
    const { lines, problems } = readBatchLines(file.bytes, endpoint, rules);
    const id = `batch_${this.batches.size + 1}`;
    const batch = new EmulatedBatch<Body>({
      id,
      endpoint,
      inputFileId,
      window,
      metadata: metadata ?? null,
      lines,
      problems: [...problems, ...(course.problems ?? [])],
      course,
      firstSerial: takeSerials(lines.length),
      draw,
    });
    this.batches.set(id, batch);
    return { status: 200, body: batch.describe() };
  }

  #list({ query }: SeenRequest): Answer {
    const describe = (id: string) => this.batches.get(id)?.describe();
    return { status: 200, body: page([...this.batches.keys()].reverse(), query, describe) };
  }

  #read(id: string): Answer {
    const batch = this.batches.get(id);
    return batch ? { status: 200, body: batch.describe() } : notFound(`No batch found with id '${id}'.`);
  }

  #cancel(id: string): Answer {
    const batch = this.batches.get(id);
    if (!batch) return notFound(`No batch found with id '${id}'.`);
    if (batch.cancel()) return { status: 200, body: batch.describe() };
    const message = `Cannot cancel a batch with status '${batch.status}'.`;
    return openAiError(409, { message, type: 'invalid_request_error' });
  }

  async #content(id: string): Promise<Answer> {
    const [, kind, batchId = ''] = /^file-(output|error)-(.+)$/.exec(id) ?? [];
    const batch = this.batches.get(batchId);
    const input = this.files.stored.get(id);
    if (input) return { status: 200, body: input.bytes };
    if (!batch?.isFinal || batch.created.course.losesFiles) return noSuchFile(id);
    return { status: 200, body: await batch.content(kind === 'error' ? 'error' : 'output') };
  }
}
