import type { Message, Sender, SendOptions } from './carrier.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { orAborted } from './pause.js';

/**
 * Spreads tasks over a few connections: each goes where the fewest are waited for, and stays there, since its
 * results come there.
 */
export class WebSocketSender implements Sender {
  readonly #connections: readonly Connection[];
  readonly #countWaiting: ConnectionOptions['countWaiting'];

  constructor(options: ConnectionOptions) {
    this.#countWaiting = options.countWaiting;
    this.#connections = Array.from({ length: options.config.connections }, () => new Connection(options));
  }

  async send(message: Message, { signal, before, onCarrier }: SendOptions): Promise<void> {
    const connection = this.#connections.find((one) => one === before) ?? this.#chooseIdlest();
    onCarrier(connection);
    await orAborted(connection.ready(), signal);
    connection.send(message);
  }

  /** Has one connection open. */
  async check(): Promise<void> {
    await this.#connections[0]?.ready();
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  #chooseIdlest(): Connection {
    const loads = this.#connections.map((connection) => ({
      connection,
      load: this.#countWaiting(connection),
    }));
    const best = loads.reduce((one, other) => (other.load < one.load ? other : one));
    return best.connection;
  }
}
