import { randomUUID } from 'node:crypto';
import { EaselError, type Logger, linkSignals } from '@easel/plugin-sdk';
import type { Config } from '../settings.js';
import { backoffMs } from './backoff.js';
import type { Message, Receiver, Sender, SendOptions } from './carrier.js';
import type { ConnectionOptions } from './connection.js';
import { isRefusal } from './handshake.js';
import { HttpSender } from './http-sender.js';
import { pause } from './pause.js';
import { WebSocketSender } from './web-socket-sender.js';

export interface TransportOptions {
  readonly config: Config;
  readonly apiKey: string;
  readonly logger: Logger;
  readonly receiver: Receiver;
  readonly random: () => number;
  readonly now: () => number;
  readonly countWaiting: ConnectionOptions['countWaiting'];
}

/** Milliseconds for which HTTP is used after WebSockets have not come through and it has. */
const detourMs = 60_000;

/**
 * Sends by WebSockets, by HTTP, or by HTTP where WebSockets do not come through (`auto`), and tries for
 * `connectMs` until one does. A refused key ends it at once.
 */
export class Transport implements Sender {
  readonly #options: TransportOptions;
  readonly #webSockets: WebSocketSender;
  readonly #http: HttpSender;
  readonly #closing = new AbortController();
  #detourUntil = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#webSockets = new WebSocketSender(options);
    this.#http = new HttpSender(options);
  }

  async send(message: Message, options: SendOptions): Promise<void> {
    const { signal, unlink } = linkSignals([options.signal, this.#closing.signal]);
    try {
      await this.#sendInTime(message, { ...options, signal });
    } catch (error) {
      throw this.#closing.signal.aborted && !options.signal.aborted ? closing() : error;
    } finally {
      unlink();
    }
  }

  async #sendInTime(message: Message, options: SendOptions): Promise<void> {
    const { config, random } = this.#options;
    const until = performance.now() + config.connectMs;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#sendOnce(message, options);
      } catch (error) {
        const pauseMs = backoffMs(failures, random);
        if (isRefusal(error) || options.signal.aborted || performance.now() + pauseMs > until) throw error;
        await pause(pauseMs, options.signal);
      }
    }
  }

  /**
   * Makes sure of the key, and that Runware is there. Costs nothing: what is asked about over HTTP is a task
   * that does not exist.
   */
  async check(): Promise<void> {
    if (this.#options.config.transport !== 'http') return await this.#webSockets.check();
    const question = { taskType: 'getResponse', taskUUID: randomUUID() };
    await this.#http.send(question, { signal: this.#closing.signal, onCarrier: () => {} });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#webSockets.close();
  }

  async #sendOnce(message: Message, options: SendOptions): Promise<void> {
    const { config, logger } = this.#options;
    if (config.transport === 'http') return await this.#http.send(message, options);
    if (config.transport === 'auto' && performance.now() < this.#detourUntil) {
      return await this.#http.send(message, options).catch((error: unknown) => {
        // The detour is no better: the next try takes the straight way.
        this.#detourUntil = 0;
        throw error;
      });
    }
    try {
      await this.#webSockets.send(message, options);
    } catch (error) {
      if (config.transport === 'websocket' || isRefusal(error) || options.signal.aborted) throw error;
      await this.#http.send(message, options);
      if (performance.now() >= this.#detourUntil)
        logger.warn('WebSockets do not come through; HTTP is used for a while', {
          reason: (error as Error).message,
        });
      this.#detourUntil = performance.now() + detourMs;
    }
  }
}

const closing = () =>
  new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: 'Sending a task: the plugin is being closed.',
  });
