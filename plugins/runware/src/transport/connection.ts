import type { EaselError, Logger } from '@easel/plugin-sdk';
import WebSocket from 'ws';
import type { Config } from '../settings.js';
import { categoryOf } from '../wire/category.js';
import { failureOf, unreachable } from '../wire/failures.js';
import type { Frame } from '../wire/frame.js';
import { backoffMs } from './backoff.js';
import type { Carrier, Message, Receiver } from './carrier.js';
import { isRefusal, openSocket } from './handshake.js';
import { Heartbeat } from './heartbeat.js';
import { Outbox } from './outbox.js';
import { pause } from './pause.js';

export interface ConnectionOptions {
  readonly config: Config;
  readonly apiKey: string;
  readonly logger: Logger;
  readonly receiver: Receiver;
  readonly random: () => number;
  /** Messages that are out on it and whose answers somebody waits for. */
  readonly countWaiting: (carrier: Carrier) => number;
}

/**
 * A connection that lasts so long, or has carried a frame, was a good one: the next loss begins to count
 * anew.
 */
const goodMs = 5_000;
/** Milliseconds after a refused key in which it is not even tried. */
const refusedMs = 2_000;
/** Milliseconds that the other side has to say goodbye. */
const goodbyeMs = 300;

/**
 * One WebSocket, which is opened when somebody needs it and again after a loss, in Runware's session of
 * before if that is not too long ago: what could not be delivered meanwhile comes then. Nothing is opened
 * again by itself; who waits for something asks.
 */
export class Connection implements Carrier {
  readonly kind = 'websocket';
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  #socket: WebSocket | undefined;
  #opening: Promise<WebSocket> | undefined;
  #heartbeat: Heartbeat | undefined;
  #outbox: Outbox | undefined;
  #session: { id: string; lostAt: number } | undefined;
  #refused: { error: EaselError; at: number } | undefined;
  #failures = 0;
  #openedAt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Has it open; one try, after a pause if the last ones have failed. Rejects with what went wrong. */
  async ready(): Promise<void> {
    if (this.isOpen) return;
    if (this.#closing.signal.aborted) throw unreachable('Connecting', 'the plugin is being closed');
    if (this.#refused && performance.now() - this.#refused.at < refusedMs) throw this.#refused.error;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  /** Only when it is open; what is put before it is lost goes with it. */
  send(message: Message): void {
    this.#outbox?.put(message);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const opening = this.#opening?.catch(() => undefined);
    const socket = this.#socket ?? (await opening);
    if (socket) await endSocket(socket);
  }

  async #open(): Promise<WebSocket> {
    const { config, apiKey, random, logger } = this.#options;
    // One that is about to close has not said so to those who wait.
    if (this.#socket) this.#lose(this.#socket, 'the connection is being closed');
    await pause(backoffMs(this.#failures, random), this.#closing.signal);
    const session = this.#resumable();
    try {
      const opened = await openSocket({
        url: config.webSocketUrl,
        apiKey,
        session,
        handshakeMs: config.handshakeMs,
        signal: this.#closing.signal,
        onSessionRefused: () => {
          this.#session = undefined;
        },
        onFrame: (frame) => this.#receive(frame),
      });
      this.#refused = undefined;
      this.#session = opened.session === undefined ? undefined : { id: opened.session, lostAt: 0 };
      if (session !== undefined)
        logger.info('connected again', { resumed: session === opened.session, failures: this.#failures });
      this.#use(opened.socket);
      return opened.socket;
    } catch (error) {
      this.#failures += 1;
      if (isRefusal(error)) this.#refused = { error, at: performance.now() };
      throw error;
    }
  }

  #resumable(): string | undefined {
    const session = this.#session;
    if (!session) return undefined;
    return performance.now() - session.lostAt < this.#options.config.sessionMs ? session.id : undefined;
  }

  #use(socket: WebSocket): void {
    const { config, countWaiting } = this.#options;
    this.#socket = socket;
    this.#openedAt = performance.now();
    socket.on('close', (code) => this.#lose(socket, `the connection was closed (${code})`));
    if (socket.readyState !== WebSocket.OPEN)
      return void this.#lose(socket, 'the connection was closed at once');
    this.#outbox = new Outbox((frame) => {
      if (this.#socket !== socket || socket.readyState !== WebSocket.OPEN) return;
      socket.send(frame);
      this.#heartbeat?.touch(false);
    });
    this.#heartbeat = new Heartbeat({
      pingMs: config.pingMs,
      pongMs: config.pongMs,
      idleMs: config.idleMs,
      isNeeded: () => countWaiting(this) > 0,
      ping: () => {
        if (socket.readyState === WebSocket.OPEN)
          socket.send(JSON.stringify([{ taskType: 'ping', ping: true }]));
      },
      onDead: () => {
        this.#lose(socket, `nothing came for ${config.pongMs} ms after a ping`);
        socket.terminate();
      },
      onIdle: () => socket.close(1000),
    });
  }

  #receive(frame: Frame): void {
    this.#failures = 0;
    this.#heartbeat?.touch(true);
    const refusal = frame.complaints.find(
      (complaint) => complaint.taskUUID === undefined && categoryOf(complaint) === 'auth',
    );
    if (refusal) {
      const error = failureOf('Sending a task', refusal);
      this.#refused = { error, at: performance.now() };
      this.#options.receiver.onRefused(this, error);
    }
    const items = frame.items.filter(({ taskType }) => taskType !== 'ping' && taskType !== 'authentication');
    const complaints = frame.complaints.filter((complaint) => complaint !== refusal);
    if (items.length > 0 || complaints.length > 0)
      this.#options.receiver.onFrame({ items, complaints }, this);
  }

  #lose(socket: WebSocket, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#outbox = undefined;
    if (this.#session) this.#session.lostAt = performance.now();
    this.#failures = performance.now() - this.#openedAt >= goodMs ? 1 : this.#failures + 1;
    const reason = unreachable(`The connection to ${new URL(this.#options.config.webSocketUrl).host}`, why);
    this.#options.receiver.onLost(this, reason);
  }
}

/** Says goodbye, and does not wait for long. */
async function endSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const timer = setTimeout(() => socket.terminate(), goodbyeMs);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.close(1000);
  });
  clearTimeout(timer);
}
