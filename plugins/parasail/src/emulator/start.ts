/**
 * Parasail's API as far as the plugin and `openai` use it for pictures: keys, files, batches, models, and
 * direct calls. Protocol: docs.parasail.io (batch quickstart, batch file format), which follows
 * platform.openai.com/docs/api-reference.
 *
 * @module
 */

import {
  type Answer,
  type Fault,
  HttpEmulator,
  type Script,
  type SeenRequest,
} from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { type BatchCourse, EmulatedBatch } from './batch.js';
import { makeDirectly } from './direct.js';
import { invalidKey, invalidRequest, notFound, openAiError } from './errors.js';
import { FileStore, noSuchFile, page } from './files.js';
import { ImageHost } from './image-host.js';
import { batchEndpoints, imageModels, readLines } from './lines.js';

/** The key that the emulator takes. */
export const parasailKey = 'psk-emulated-key-0123456789';

export interface ParasailEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Absent: nothing goes wrong. */
  readonly script?: Script;
  /** Whether answers name images by their addresses, below `/images/`. Absent: no. */
  readonly answersUrls?: boolean;
  /** How the batches go, told of how many came before. Absent: each is done in a few milliseconds. */
  readonly course?: (index: number) => BatchCourse;
}

const createSchema = z.strictObject({
  input_file_id: z.string(),
  endpoint: z.string().refine((endpoint) => batchEndpoints.has(endpoint), 'is not an endpoint of batches'),
  completion_window: z.literal('24h'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

export class ParasailEmulator {
  readonly files = new FileStore();
  readonly images = new ImageHost(() => this.#server.url);
  readonly batches = new Map<string, EmulatedBatch>();
  course: (index: number) => BatchCourse;
  #http: HttpEmulator | undefined;
  #direct = 0;
  #serials = 0;

  private constructor(course: ParasailEmulatorOptions['course']) {
    this.course = course ?? (() => ({}));
  }

  static async start({
    port = 0,
    script,
    answersUrls = false,
    course,
  }: ParasailEmulatorOptions): Promise<ParasailEmulator> {
    const emulator = new ParasailEmulator(course);
    emulator.images.isUsed = answersUrls;
    const handle = (request: SeenRequest) => emulator.#handle(request);
    emulator.#http = await HttpEmulator.start<Fault>({ port, script, handle });
    return emulator;
  }

  get #server(): HttpEmulator {
    if (!this.#http) throw new Error('not started');
    return this.#http;
  }

  /** Pictures that were made, in batches and directly, and paid. */
  get paid(): number {
    return [...this.batches.values()].reduce((sum, batch) => sum + batch.paid, this.#direct);
  }

  /** Base URL, with the version. */
  get url(): string {
    return `${this.#server.url}/v1`;
  }

  get requests(): readonly SeenRequest[] {
    return this.#server.requests;
  }

  set script(script: Script | undefined) {
    this.#server.script = script;
  }

  seen(method: string, path: RegExp): SeenRequest[] {
    return this.#server.seen(method, path);
  }

  restart(downMs?: number): Promise<void> {
    return this.#server.restart(downMs);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  async #handle(request: SeenRequest): Promise<Answer> {
    if (request.path.startsWith('/images/')) return this.images.read(request.path);
    if (request.headers.authorization !== `Bearer ${parasailKey}`) return invalidKey();
    const [, first = '', id, verb] = /^\/v1\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(request.path) ?? [];
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
    if (route === 'GET models') return { status: 200, body: { object: 'list', data: models } };
    if (/^POST images\/id$/.test(route) && /\/(generations|edits)$/.test(request.path))
      return await this.#makeDirectly(request);
    return notFound(`Unknown request URL: ${request.method} ${request.path}.`);
  }

  #create({ json }: SeenRequest): Answer {
    const parsed = createSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return invalidRequest(`${issue?.path.join('.')}: ${issue?.message}`, issue?.path.join('.'));
    }
    const { input_file_id: inputFileId, endpoint, completion_window: window, metadata } = parsed.data;
    const file = this.files.stored.get(inputFileId);
    if (!file) return invalidRequest(`No such File object: ${inputFileId}`, 'input_file_id');
    const course = this.course(this.batches.size);
    const { lines, problems } = readLines(file.bytes, endpoint);
    const id = `batch_${this.batches.size + 1}`;
    const batch = new EmulatedBatch({
      id,
      endpoint,
      inputFileId,
      window,
      metadata: metadata ?? null,
      lines,
      problems: [...problems, ...(course.problems ?? [])],
      course,
      firstSerial: this.#serials,
      write: this.images.write,
    });
    this.#serials += lines.length;
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

  async #makeDirectly(request: SeenRequest): Promise<Answer> {
    const answer = await makeDirectly(request, this.#serials, this.images.write);
    if (answer.status === 200) {
      this.#serials += 1;
      this.#direct += 1;
    }
    return answer;
  }
}

const models = [...imageModels].map((id) => ({ id, object: 'model', created: 1, owned_by: 'parasail' }));

export const startParasailEmulator = (options: ParasailEmulatorOptions = {}): Promise<ParasailEmulator> =>
  ParasailEmulator.start(options);
