/**
 * Google's Gemini API as far as the plugin and @google/genai use it for pictures: keys, models,
 * `generateContent`, with and without streaming, interactions, files and batches. Protocol:
 * ai.google.dev/api/generate-content, ai.google.dev/gemini-api/docs/image-generation,
 * ai.google.dev/gemini-api/docs/interactions and ai.google.dev/gemini-api/docs/batch-api.
 *
 * @module
 */
import { type Answer, HttpEmulator, type Script, type SeenRequest } from '@easel/plugin-sdk/emulator';
import { type GeminiFault, type Made, pictures, refusal, words } from './answer.js';
import type { BatchCourse, EmulatedBatch } from './batch.js';
import { BatchStore } from './batches.js';
import { googleError, invalidKey, missingKey, modelNotFound } from './errors.js';
import { FileStore } from './files.js';
import { inlined } from './inlined.js';
import { InteractionStore } from './interactions.js';
import { type GeminiModel, geminiModels } from './models.js';
import { readRequest } from './request.js';

/** The key that the emulator takes. */
export const geminiKey = 'AIza-emulated-key-0123456789';

export interface GeminiEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Absent: nothing goes wrong. */
  readonly script?: Script<GeminiFault>;
  /** How the batches go, told of how many came before. Absent: each is done in a few milliseconds. */
  readonly course?: (index: number) => BatchCourse;
}

export interface GeminiEmulator {
  readonly url: string;
  /** Pictures that were made, whichever way, and paid. */
  readonly paid: number;
  readonly files: FileStore;
  /** Batches by their names. */
  readonly batches: ReadonlyMap<string, EmulatedBatch>;
  readonly interactions: InteractionStore;
  course: (index: number) => BatchCourse;
  /** Answers in words that were made, and paid. */
  readonly paidTexts: number;
  readonly requests: readonly SeenRequest[];
  /** Requests whose caller still waits for the answer. */
  readonly waitingRequests: number;
  /** What a restart would leave without an answer. */
  readonly unanswered: readonly SeenRequest[];
  script: Script<GeminiFault> | undefined;
  seen(method: string, path: RegExp): SeenRequest[];
  restart(downMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startGeminiEmulator(options: GeminiEmulatorOptions = {}): Promise<GeminiEmulator> {
  const { port = 0, script, course } = options;
  const files = new FileStore();
  const batches = new BatchStore(files, course);
  const interactions = new InteractionStore(files);
  let paid = 0;
  let paidTexts = 0;

  const make = async (name: string, model: GeminiModel, seen: SeenRequest, fault: GeminiFault) => {
    const whole = inlined(seen.json, files);
    if ('refusal' in whole) return whole.refusal;
    const read = readRequest(model, seen.body, whole.json);
    if ('refusal' in read) return read.refusal;
    const { request } = read;
    if (fault.refuse) return answerOf(seen, refusal(name, request, fault.refuse));
    if (model.kind === 'text') {
      paidTexts += 1;
      return answerOf(seen, words(name, request, fault.text));
    }
    const serial = paid + interactions.begun;
    paid += fault.pictures ?? 1;
    return answerOf(seen, await pictures(name, model, request, fault, serial));
  };

  const handle = async (request: SeenRequest, fault: GeminiFault = {}): Promise<Answer> => {
    const key = request.headers['x-goog-api-key'] ?? request.query.key;
    if (key === undefined) return missingKey();
    if (key !== geminiKey) return invalidKey();
    const [, name = '', verb] =
      /^\/(?:v1(?:beta)?|v1beta1\/publishers\/google)\/models\/([^/:]+)(?::(generateContent|streamGenerateContent|batchGenerateContent))?$/.exec(
        request.path,
      ) ?? [];
    const isList = /^\/v1(?:beta)?\/models$/.test(request.path);
    if (request.method === 'GET' && isList) return { status: 200, body: { models: listed } };
    const model = geminiModels[name];
    if (name !== '' && !model) return modelNotFound(name);
    if (request.method === 'GET' && model && !verb) return { status: 200, body: describe(name) };
    if (request.method === 'POST' && model && verb === 'batchGenerateContent')
      return batches.create(name, model, request);
    if (request.method === 'POST' && model && verb) return await make(name, model, request, fault);
    const about = (await stored(request)) ?? (await interact(request, fault));
    return about ?? googleError(404, 'NOT_FOUND', 'Requested entity was not found.');
  };

  /** Files and batches. */
  const stored = async (request: SeenRequest): Promise<Answer | undefined> => {
    const { method, path } = request;
    if (method === 'POST' && path === '/upload/v1beta/files') return files.upload(request, server.url);
    const [, kind = '', id, verb] =
      /^\/v1(?:beta)?\/(files|batches)(?:\/([^/:]+)(?::([a-z]+))?)?$/.exec(path) ?? [];
    const name = `${kind}/${id}`;
    const route = `${method} ${kind}${id === undefined ? '' : '/id'}${verb ? `:${verb}` : ''}`;
    if (route === 'GET files') return files.list(request);
    if (route === 'GET files/id') return files.read(name);
    if (route === 'DELETE files/id') return files.delete(name);
    if (route === 'GET files/id:download') return await batches.download(name, request);
    if (route === 'GET batches') return batches.list(request);
    if (route === 'GET batches/id') return await batches.read(name);
    if (route === 'DELETE batches/id') return batches.delete(name);
    if (route === 'POST batches/id:cancel') return batches.cancel(name);
    return undefined;
  };

  const interact = async (request: SeenRequest, fault: GeminiFault): Promise<Answer | undefined> => {
    const [found, id, verb] =
      /^\/v1beta\/interactions(?:\/([\w-]+)(?:\/(cancel))?)?$/.exec(request.path) ?? [];
    if (found === undefined) return undefined;
    const route = `${request.method}${id === undefined ? '' : ' id'}${verb ? ` ${verb}` : ''}`;
    if (route === 'POST') return await interactions.create(request, fault, paid + interactions.begun);
    if (id === undefined) return undefined;
    if (route === 'GET id') return await interactions.read(id);
    if (route === 'DELETE id') return interactions.delete(id);
    if (route === 'POST id cancel') return await interactions.cancel(id);
    return undefined;
  };

  const server = await HttpEmulator.start<GeminiFault>({ port, script, handle });
  return {
    get url() {
      return server.url;
    },
    get paid() {
      return paid + batches.paid + interactions.paid;
    },
    files,
    interactions,
    batches: batches.stored,
    get course() {
      return batches.course;
    },
    set course(next) {
      batches.course = next;
    },
    get paidTexts() {
      return paidTexts;
    },
    requests: server.requests,
    get waitingRequests() {
      return server.waitingRequests;
    },
    get unanswered() {
      return server.unanswered;
    },
    get script() {
      return server.script;
    },
    set script(next) {
      server.script = next;
    },
    seen: (method, path) => server.seen(method, path),
    restart: (downMs) => server.restart(downMs),
    close: () => server.close(),
  };
}

const describe = (name: string) => ({
  name: `models/${name}`,
  version: '001',
  displayName: name,
  supportedGenerationMethods: ['generateContent', 'countTokens', 'batchGenerateContent'],
});
const listed = Object.keys(geminiModels).map(describe);

/** As one JSON document, or as the one event of a stream. */
function answerOf({ path }: SeenRequest, { body }: Made): Answer {
  if (!path.endsWith(':streamGenerateContent')) return { status: 200, body };
  const headers = { 'content-type': 'text/event-stream' };
  return { status: 200, headers, body: `data: ${JSON.stringify(body)}\r\n\r\n` };
}
