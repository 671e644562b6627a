import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { serveHttp } from './http-side.js';
import { breakOff } from './raw-frames.js';
import type { Fields } from './rules.js';
import type { ClientFrame, RunwareFault, RunwareScript } from './script.js';
import type { Session } from './session.js';
import { serveSocket } from './socket-side.js';
import { TaskTable } from './task-table.js';

/** The key that the emulator takes. */
export const runwareKey = 'rw-emulated-key-0123456789abcdef';

export interface RunwareEmulatorOptions {
  /** Absent: a free one. */
  readonly port?: number;
  /** Absent: nothing goes wrong. */
  readonly script?: RunwareScript | undefined;
  /** Milliseconds that a session is kept without a connection. Absent: 120,000. */
  readonly sessionMs?: number;
  /** Milliseconds without a message after which a connection is closed. Absent: 120,000. */
  readonly idleMs?: number;
  /**
   * Milliseconds that results wait for others, to come in one frame with them in any order. Absent: 0, they
   * do not.
   */
  readonly gatherMs?: number;
  /** Whether getResponse also knows tasks whose results were pushed; it is not documented. Absent: yes. */
  readonly remembersPushed?: boolean;
}

/** A Runware on this machine: strict in what it takes, and wrong where a script says so. */
export class RunwareEmulator {
  readonly table = new TaskTable();
  /** Messages and requests in the order in which they came. */
  readonly frames: ClientFrame[] = [];
  script: RunwareScript | undefined;
  /** Nobody is there, though connections stand: nothing is read and nothing answered. */
  isDeaf = false;
  /** Images that results name by their addresses are answered 503. */
  isImageHostDown = false;
  /**
   * Status that a handshake is answered with, as proxies do that know no WebSockets. Undefined: it is taken.
   */
  blockedWith: number | undefined;
  /** Keys that are taken. */
  readonly keys = new Set([runwareKey]);
  /** WebSockets that were opened. */
  connections = 0;
  readonly #options: RunwareEmulatorOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #counts = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #webSockets: WebSocketServer | undefined;
  #port = 0;

  /** WebSockets that are open now. */
  get openWebSockets(): number {
    return this.#webSockets?.clients.size ?? 0;
  }

  constructor(options: RunwareEmulatorOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.script = options.script;
  }

  /** Where WebSockets connect to. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}/v1`;
  }

  /** Where requests go. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  /** Picture tasks that were taken, each of which is paid. */
  get paid(): number {
    return this.table.paid;
  }

  /** All messages of that task type, whatever they came over. */
  sent(taskType: string): Fields[] {
    return this.frames
      .flatMap(({ json }) => (Array.isArray(json) ? (json as Fields[]) : []))
      .filter((message) => message?.taskType === taskType);
  }

  /** Breaks all WebSockets off. */
  dropSockets(): void {
    for (const socket of this.#webSockets?.clients ?? []) breakOff(socket);
  }

  /** Forgets all sessions, and what was kept for them. */
  expireSessions(): void {
    for (const session of this.#sessions.values()) session.expire();
  }

  /**
   * Goes down and comes up again on the same port. Sessions are gone; tasks stay, unless they are to be
   * forgotten as well.
   */
  async restart({ downMs = 0, forgets = false } = {}): Promise<void> {
    await this.close();
    this.expireSessions();
    if (forgets) this.table.tasks.clear();
    await pause(downMs);
    await this.open();
  }

  async open(): Promise<void> {
    const shared = {
      table: this.table,
      remembersPushed: this.#options.remembersPushed ?? true,
      isKey: (key: unknown) => typeof key === 'string' && this.keys.has(key),
      decide: (message: Fields, transport: 'websocket' | 'http') => this.#decide(message, transport),
      log: (frame: ClientFrame) => void this.frames.push(frame),
      isImageHostDown: () => this.isImageHostDown,
    };
    const { sessionMs = 120_000, idleMs = 120_000, gatherMs = 0 } = this.#options;
    const server = createServer((incoming, outgoing) => {
      serveHttp(incoming, outgoing, shared).catch((error: unknown) => {
        if (!outgoing.headersSent) outgoing.writeHead(599).end(String(error));
      });
    });
    const webSockets = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024 * 1024 });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (this.blockedWith !== undefined)
        return void socket.end(`HTTP/1.1 ${this.blockedWith} No\r\nconnection: close\r\n\r\n`);
      webSockets.handleUpgrade(request, socket, head, (client) => {
        this.connections += 1;
        const options = {
          ...shared,
          sessions: this.#sessions,
          sessionMs,
          idleMs,
          gatherMs,
          isDeaf: () => this.isDeaf,
        };
        serveSocket(client, request, this.connections, options);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.table.origin = `http://127.0.0.1:${this.#port}`;
    this.#server = server;
    this.#webSockets = webSockets;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#server ? this.#server.close(() => resolve()) : resolve(),
    );
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #decide(message: Fields, transport: 'websocket' | 'http'): Promise<RunwareFault> {
    const taskType = String(message.taskType);
    const index = this.#counts.get(taskType) ?? 0;
    this.#counts.set(taskType, index + 1);
    return (await this.script?.(message, { transport, index })) ?? {};
  }
}

/** Starts one on 127.0.0.1. */
export async function startRunwareEmulator(options: RunwareEmulatorOptions = {}): Promise<RunwareEmulator> {
  const emulator = new RunwareEmulator(options);
  await emulator.open();
  return emulator;
}
