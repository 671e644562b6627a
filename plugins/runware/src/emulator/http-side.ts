/**
 * The HTTP side of the emulator: tasks by POST, and the pictures that results name by their address.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { invalidApiKey, missingApiKey, type RunwareError } from './errors.js';
import { type Answer, type PerformOptions, perform } from './perform.js';
import type { Fields } from './rules.js';
import type { ClientFrame, RunwareFault } from './script.js';

export interface HttpSideOptions extends PerformOptions {
  readonly isKey: (key: unknown) => boolean;
  readonly decide: (message: Fields, transport: 'http') => Promise<RunwareFault>;
  readonly log: (frame: ClientFrame) => void;
  readonly isImageHostDown: () => boolean;
}

export async function serveHttp(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: HttpSideOptions,
): Promise<void> {
  outgoing.shouldKeepAlive = false;
  const path = (incoming.url ?? '/').replace(/\?.*$/, '');
  if (incoming.method === 'GET' && path.startsWith('/image/')) return sendFile(path, outgoing, options);
  if (incoming.method !== 'POST' || path !== '/v1')
    return reply(outgoing, 404, { errors: [{ code: 'notFound', message: 'There is nothing here.' }] });
  const json = await readJson(incoming);
  options.log({ transport: 'http', connection: 0, json, headers: incoming.headers, url: incoming.url ?? '' });
  if (!Array.isArray(json))
    return reply(outgoing, 400, {
      errors: [{ code: 'invalidRequest', message: 'The body must be an array of tasks.' }],
    });
  const { tasks, refusal } = authenticate(json as Fields[], incoming, options);
  if (refusal) return reply(outgoing, 401, { errors: [refusal] });
  await servePost(tasks, incoming, outgoing, options);
}

/** By the header, or by the first entry of the array. */
function authenticate(
  json: Fields[],
  { headers }: IncomingMessage,
  { isKey }: HttpSideOptions,
): { tasks: Fields[]; refusal?: RunwareError } {
  const [first, ...others] = json;
  const isFirst = first?.taskType === 'authentication';
  const key = isFirst ? first.apiKey : /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const tasks = isFirst ? others : json;
  if (key === undefined) return { tasks, refusal: missingApiKey };
  return isKey(key) ? { tasks } : { tasks, refusal: invalidApiKey };
}

async function servePost(
  tasks: readonly Fields[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: HttpSideOptions,
): Promise<void> {
  const data: Fields[] = [];
  const errors: RunwareError[] = [];
  const add = (body: Answer, { duplicates = 0 }: RunwareFault) => {
    for (let copy = 0; copy <= duplicates; copy++) data.push(...(body.data ?? []));
    errors.push(...(body.errors ?? []));
  };
  const faults = await Promise.all(tasks.map((task) => options.decide(task, 'http')));
  for (const { drop, http } of faults) {
    if (drop === 'before') return void incoming.socket.destroy();
    if (http && !http.isAfter) return send(outgoing, http.status, http.body ?? '', http.headers);
  }
  await Promise.all(
    tasks.map((task, index) =>
      perform(
        task,
        faults[index] ?? {},
        {
          answer: add,
          result: (result, _, fault) => add({ data: [result] }, fault),
        },
        options,
      ),
    ),
  );
  const fault = faults.find((one) => Object.keys(one).length > 0) ?? {};
  if (fault.drop === 'after' || fault.swallow) return void incoming.socket.destroy();
  if (fault.http) return send(outgoing, fault.http.status, fault.http.body ?? '', fault.http.headers);
  const body =
    fault.garbage ??
    JSON.stringify({
      ...(data.length > 0 || errors.length === 0 ? { data } : {}),
      ...(errors.length > 0 ? { errors } : {}),
    });
  const status = data.length > 0 || errors.length === 0 ? 200 : statusOf(errors[0]);
  if (fault.drop === 'mid-frame') return sendHalf(outgoing, body);
  if (fault.trickle) return await trickle(outgoing, body, fault.trickle);
  send(outgoing, status, body);
}

/** runware.ai/docs/platform/errors, as far as it says. */
function statusOf(error: RunwareError | undefined): number {
  const { code = '' } = error ?? {};
  if (/ApiKey/.test(code)) return 401;
  if (/Credits/.test(code)) return 402;
  if (/RateLimit/i.test(code)) return 429;
  if (/NotFound/.test(code)) return 404;
  return /^(internal|timeout)/.test(code) ? 500 : 400;
}

function reply(outgoing: ServerResponse, status: number, body: Answer): void {
  send(outgoing, status, JSON.stringify(body));
}

function send(
  outgoing: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}

function sendHalf(outgoing: ServerResponse, body: string): void {
  outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  outgoing.write(body.slice(0, body.length >> 1), () => outgoing.destroy());
}

async function trickle(
  outgoing: ServerResponse,
  body: string,
  { bytes, everyMs }: { bytes: number; everyMs: number },
): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'application/json' });
  for (let from = 0; from < body.length && !outgoing.destroyed; from += bytes) {
    outgoing.write(body.slice(from, from + bytes));
    await pause(everyMs);
  }
  outgoing.end();
}

function sendFile(path: string, outgoing: ServerResponse, { table, isImageHostDown }: HttpSideOptions): void {
  if (isImageHostDown()) return void outgoing.writeHead(503).end();
  const file = table.files.get(path.slice(path.lastIndexOf('/') + 1));
  if (file) outgoing.writeHead(200, { 'content-length': file.byteLength }).end(file);
  else outgoing.writeHead(404).end();
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
