/**
 * Google's Gemini API as far as the plugin and @google/genai use it for pictures: keys, models, `generateContent`, with and without
 * streaming. Protocol: ai.google.dev/api/generate-content and ai.google.dev/gemini-api/docs/image-generation.
 *
 * @module
 */
import { type Answer, HttpEmulator, type Script, type SeenRequest } from '../gemini-and-parasail-http.js';
import { type GeminiFault, type Made, pictures, refusal, words } from './answer.js';
import { googleError, invalidKey, missingKey, modelNotFound } from './errors.js';
import { type GeminiModel, geminiModels } from './models.js';
import { readRequest } from './request.js';

/** The key that the emulator takes. */
export const geminiKey = 'AIza-emulated-key-0123456789';

export interface GeminiEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Absent: nothing goes wrong. */
  readonly script?: Script<GeminiFault>;
}

export interface GeminiEmulator {
  readonly url: string;
  /** Pictures that were made, and paid. */
  readonly paid: number;
  /** Answers in words that were made, and paid. */
  readonly paidTexts: number;
  readonly requests: readonly SeenRequest[];
  /** Requests whose caller still waits for the answer. */
  readonly waitingRequests: number;
  script: Script<GeminiFault> | undefined;
  seen(method: string, path: RegExp): SeenRequest[];
  restart(downMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startGeminiEmulator(options: GeminiEmulatorOptions = {}): Promise<GeminiEmulator> {
  const { port = 0, script } = options;
  let paid = 0;
  let paidTexts = 0;

  const make = async (name: string, model: GeminiModel, seen: SeenRequest, fault: GeminiFault) => {
    const read = readRequest(model, seen.body, seen.json);
    if ('refusal' in read) return read.refusal;
    const { request } = read;
    if (fault.refuse) return answerOf(seen, refusal(name, request, fault.refuse));
    if (model.kind === 'text') {
      paidTexts += 1;
      return answerOf(seen, words(name, request, fault.text));
    }
    const serial = paid;
    paid += fault.pictures ?? 1;
    return answerOf(seen, await pictures(name, model, request, fault, serial));
  };

  const handle = async (request: SeenRequest, fault: GeminiFault = {}): Promise<Answer> => {
    const key = request.headers['x-goog-api-key'] ?? request.query.key;
    if (key === undefined) return missingKey();
    if (key !== geminiKey) return invalidKey();
    const [, name = '', verb] =
      /^\/v1(?:beta)?\/models\/([^/:]+)(?::(generateContent|streamGenerateContent))?$/.exec(request.path) ??
      [];
    const isList = /^\/v1(?:beta)?\/models$/.test(request.path);
    if (request.method === 'GET' && isList) return { status: 200, body: { models: listed } };
    const model = geminiModels[name];
    if (name !== '' && !model) return modelNotFound(name);
    if (request.method === 'GET' && model && !verb) return { status: 200, body: describe(name) };
    if (request.method === 'POST' && model && verb) return await make(name, model, request, fault);
    return googleError(404, 'NOT_FOUND', 'Requested entity was not found.');
  };

  const server = await HttpEmulator.start<GeminiFault>({ port, script, handle });
  return {
    get url() {
      return server.url;
    },
    get paid() {
      return paid;
    },
    get paidTexts() {
      return paidTexts;
    },
    requests: server.requests,
    get waitingRequests() {
      return server.waitingRequests;
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
