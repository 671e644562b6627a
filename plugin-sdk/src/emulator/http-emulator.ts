/**
 * An HTTP server for emulators: it keeps what clients sent, asks a script what is to go wrong with each
 * request, and breaks off, delays, cuts or trickles answers as told.
 *
 * @module
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON. Undefined: it is none. */
  readonly json: unknown;
}

/** Body: text and bytes as they are, all else as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What goes wrong with one request; several can. */
export interface Fault {
  /** Milliseconds until the request is looked at. Absent: 0. */
  readonly delayMs?: number;
  /** Answered in place of what the provider would say, and nothing is done or paid. Absent: nothing. */
  readonly answer?: Answer;
  /** Like `answer`, when everything has been done and paid. Absent: nothing. */
  readonly answerAfter?: Answer;
  /**
   * Breaks the connection off without an answer: before anything is done, or when all is done and paid.
   * Absent: no.
   */
  readonly breakOff?: 'before' | 'after';
  /** Breaks off after so many bytes of the answer's body. Absent: no. */
  readonly cutAtByte?: number;
  /** Sends the body in pieces of so many bytes, so many milliseconds apart. Absent: at once. */
  readonly trickle?: { readonly bytes: number; readonly everyMs: number };
}

/** Told of each request, with how many came before it; answers what goes wrong. Undefined: nothing does. */
export type Script<Own extends Fault = Fault> = (
  request: SeenRequest,
  index: number,
) => Own | undefined | Promise<Own | undefined>;

/** What emulators of a service have in common; what theirs does stands in `handle`. */
export abstract class EmulatedServer<Own extends Fault = Fault> {
  /** All that came, in its order. */
  readonly requests: SeenRequest[] = [];
  /** Told of each request from now on. Undefined: nothing goes wrong. */
  script: Script<Own> | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
  readonly #waiting = new Map<ServerResponse, SeenRequest | undefined>();
  #port = 0;

  constructor(script?: Script<Own>) {
    this.script = script;
    this.#server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Does what the service would do. */
  protected abstract handle(request: SeenRequest, fault: Own | undefined): Promise<Answer>;

  /** Takes a connection that is to become a WebSocket; here it is broken off. */
  protected upgrade(_request: IncomingMessage, socket: Duplex, _head: Buffer): void {
    socket.destroy();
  }

  /** Listens on 127.0.0.1. @param port 0 for one that is free */
  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /**
   * Requests whose caller still waits for the answer. Connections say less: a client may open one anew that
   * it never uses.
   */
  get waitingRequests(): number {
    return this.#waiting.size;
  }

  /** Those of them that have been read: what a {@link restart} would leave without an answer. */
  get unanswered(): readonly SeenRequest[] {
    return [...this.#waiting.values()].filter((request) => request !== undefined);
  }

  /** Requests of that method and path. */
  seen(method: string, path: RegExp): SeenRequest[] {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  /**
   * Breaks off all connections and listens again after so many milliseconds, on the same port; what it knows
   * stays.
   */
  async restart(downMs = 0): Promise<void> {
    await this.close();
    await pause(downMs);
    await this.listen(this.#port);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Idle connections would stay for seconds after a client is done, and look like its own.
    outgoing.shouldKeepAlive = false;
    this.#waiting.set(outgoing, undefined);
    outgoing.once('close', () => this.#waiting.delete(outgoing));
    try {
      const request = await readRequest(incoming);
      if (!outgoing.closed) this.#waiting.set(outgoing, request);
      const index = this.requests.push(request) - 1;
      const fault = await this.script?.(request, index);
      if (fault?.delayMs) await pause(fault.delayMs);
      if (fault?.breakOff === 'before') return void incoming.socket.destroy();
      if (fault?.answer) return await send(outgoing, fault.answer, {});
      const answer = await this.handle(request, fault);
      if (fault?.breakOff === 'after') return void incoming.socket.destroy();
      await send(outgoing, fault?.answerAfter ?? answer, fault ?? {});
    } catch (error) {
      if (outgoing.destroyed || outgoing.headersSent) return;
      outgoing.writeHead(599, { 'content-type': 'text/plain' }).end(`The emulator failed: ${String(error)}`);
    }
  }
}

export interface HttpEmulatorOptions<Own extends Fault> {
  /** 0 for one that is free. */
  readonly port: number;
  /** Absent: nothing goes wrong. */
  readonly script?: Script<Own> | undefined;
  /** Does what the service would do. */
  readonly handle: (request: SeenRequest, fault: Own | undefined) => Promise<Answer>;
}

/** A server of one function. */
export class HttpEmulator<Own extends Fault = Fault> extends EmulatedServer<Own> {
  protected readonly handle: HttpEmulatorOptions<Own>['handle'];

  private constructor({ script, handle }: HttpEmulatorOptions<Own>) {
    super(script);
    this.handle = handle;
  }

  /** Starts one that listens on 127.0.0.1. */
  static async start<Own extends Fault>(options: HttpEmulatorOptions<Own>): Promise<HttpEmulator<Own>> {
    return await new HttpEmulator(options).listen(options.port);
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const url = new URL(incoming.url ?? '/', 'http://emulator');
  const { method = 'GET', headers } = incoming;
  const query = Object.fromEntries(url.searchParams);
  return { method, path: decodeURI(url.pathname), query, headers, body, json: parseJson(body) };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function send(
  outgoing: ServerResponse,
  { status, headers, body }: Answer,
  fault: Fault,
): Promise<void> {
  const isJson = !(body === undefined || typeof body === 'string' || Buffer.isBuffer(body));
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(isJson ? JSON.stringify(body) : (body ?? ''));
  outgoing.writeHead(status, {
    'content-type': isJson ? 'application/json; charset=utf-8' : 'application/octet-stream',
    'content-length': String(bytes.byteLength),
    ...headers,
  });
  const end = fault.cutAtByte ?? bytes.byteLength;
  const { bytes: step, everyMs } = fault.trickle ?? { bytes: Math.max(end, 1), everyMs: 0 };
  for (let from = 0; from < end && !outgoing.destroyed; from += step) {
    outgoing.write(bytes.subarray(from, Math.min(end, from + step)));
    if (everyMs > 0) await pause(everyMs);
  }
  if (fault.cutAtByte === undefined) outgoing.end();
  // What has been written is to arrive before the connection breaks off.
  else setTimeout(() => outgoing.destroy(), 20);
}
