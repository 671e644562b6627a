import { randomUUID } from 'node:crypto';
import type WebSocket from 'ws';

/** What outlives a connection: what could not be delivered is kept for whoever comes back in time. */
export class Session {
  readonly id = randomUUID();
  /** Milliseconds that it is kept without a connection. */
  readonly keepMs: number;
  #socket: WebSocket | undefined;
  #undelivered: string[] = [];
  #leftAt = 0;

  constructor(keepMs: number) {
    this.keepMs = keepMs;
  }

  get isExpired(): boolean {
    return this.#socket === undefined && performance.now() - this.#leftAt > this.keepMs;
  }

  get socket(): WebSocket | undefined {
    return this.#socket?.readyState === 1 ? this.#socket : undefined;
  }

  attach(socket: WebSocket): void {
    this.#socket?.terminate();
    this.#socket = socket;
  }

  /** What the session has for whoever resumed it. */
  replay(): string[] {
    const frames = this.#undelivered;
    this.#undelivered = [];
    return frames;
  }

  detach(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#leftAt = performance.now();
  }

  keep(frame: string): void {
    this.#undelivered.push(frame);
  }

  expire(): void {
    this.#leftAt = Number.NEGATIVE_INFINITY;
    this.#undelivered = [];
  }
}
