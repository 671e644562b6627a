/**
 * The kernel's end of the wire: numbers commands, watches for acknowledgements, hands out progress, and
 * settles every command exactly once, at the latest when the channel is closed.
 *
 * @module
 */
import {
  EaselError,
  type GenerationRequest,
  type ValidGenerationResult,
  type Webhook,
} from '@easel/plugin-sdk';
import { firstProblem } from '../../config/first-problem.js';
import { parseResult } from './parse-answer.js';
import type { Port } from './port.js';
import { type Receipt, type Reply, receiptsSince, replySchema, type StartPayload } from './protocol.js';
import type { RunnerCall } from './runner.js';
import { fromWireError, isClassified } from './wire-error.js';

/** Bytes that a plugin may leave unread before it is sent no more commands. */
const waitingLimit = 512 * 1024 * 1024;

export interface ChannelOptions {
  readonly plugin: string;
  /** The wire protocol that is spoken. */
  readonly protocol: number;
  readonly port: Port;
  /** Milliseconds within which a command must be acknowledged. */
  readonly stallMs: number;
  readonly onLog: (entry: Extract<Reply, { type: 'log' }>) => void;
  /** The plugin has broken the protocol or stopped answering; whoever owns it must end it. */
  readonly onFault: (error: EaselError) => void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly call: RunnerCall | undefined;
  acknowledgement: NodeJS.Timeout | undefined;
}

type Body =
  | { readonly type: 'start'; readonly payload: StartPayload }
  | { readonly type: 'generate' | 'plan' | 'estimate'; readonly payload: GenerationRequest }
  | { readonly type: 'webhook'; readonly payload: Webhook }
  | { readonly type: 'probe' | 'ping' | 'stop' };

export class Channel {
  readonly #options: ChannelOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #closed: Error | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    options.port.listen(
      (value) => this.#receive(value),
      (cause) =>
        this.#fault('ERR_PLUGIN_PROTOCOL', `it sent bytes that are not of the protocol: ${cause.message}`),
    );
  }

  /** Sends a command; resolves with its raw result. */
  send(body: Body): Promise<unknown> {
    return this.#command(this.#nextId++, body);
  }

  /**
   * Has pictures made, and tells the plugin afterwards whether they are received. An aborted signal sends a
   * cancellation and goes on waiting for the answer.
   */
  async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
    const { plugin, port, protocol } = this.#options;
    const id = this.#nextId++;
    let received = Promise.resolve(false);
    try {
      const made = parseResult(await this.#command(id, { type: 'generate', payload: request }, call), plugin);
      received = call.received ?? Promise.resolve(true);
      return made;
    } finally {
      const send = (isReceived: boolean) => port.send({ type: 'receipt', id, isReceived } satisfies Receipt);
      if (protocol >= receiptsSince) void received.then(send);
    }
  }

  #command(id: number, body: Body, call?: RunnerCall): Promise<unknown> {
    const { plugin, port } = this.#options;
    if (this.#closed) return Promise.reject(this.#closed);
    if (port.waitingBytes > waitingLimit) {
      const message = `The plugin "${plugin}" does not read: ${port.waitingBytes} bytes wait for it.`;
      return Promise.reject(new EaselError({ code: 'ERR_PLUGIN_STALLED', plugin, message }));
    }
    const cancel = () => port.send({ type: 'cancel', id });
    return new Promise<unknown>((resolve, reject) => {
      // A start has a limit of its own: the process may be slow to come up.
      const acknowledgement = body.type === 'start' ? undefined : this.#watch(id, body.type);
      this.#pending.set(id, { resolve, reject, call, acknowledgement });
      try {
        port.send({ ...body, id });
      } catch (cause) {
        this.#settle(id)?.reject(this.#unsendable(body.type, cause));
        return;
      }
      call?.onHandedOver?.();
      call?.signal.addEventListener('abort', cancel, { once: true });
      if (call?.signal.aborted) cancel();
    }).finally(() => call?.signal.removeEventListener('abort', cancel));
  }

  /** Rejects everything that is pending, and whatever is sent later, with the error. */
  close(error: Error): void {
    this.#closed ??= error;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(this.#closed);
  }

  /**
   * Where the kernel itself was blocked, the acknowledgement may lie unread: the turn that setImmediate waits
   * for reads it first.
   */
  #watch(id: number, type: string): NodeJS.Timeout {
    const { stallMs } = this.#options;
    const check = () => {
      if (this.#pending.get(id)?.acknowledgement === timer) {
        this.#fault('ERR_PLUGIN_STALLED', `it did not acknowledge "${type}" within ${stallMs} ms`);
      }
    };
    const timer = setTimeout(() => setImmediate(check), stallMs);
    return timer;
  }

  #unsendable(type: string, cause: unknown): EaselError {
    const { plugin } = this.#options;
    const message = `The "${type}" for the plugin "${plugin}" cannot be sent: ${(cause as Error).message}.`;
    return new EaselError({ code: 'ERR_REQUEST_INVALID', message, cause });
  }

  #receive(value: unknown): void {
    if (this.#closed) return;
    const parsed = replySchema.safeParse(value);
    if (!parsed.success)
      this.#fault('ERR_PLUGIN_PROTOCOL', `it sent a message with ${firstProblem(parsed.error)}`);
    else if (parsed.data.type === 'log') this.#options.onLog(parsed.data);
    else this.#handle(parsed.data);
  }

  #handle(reply: Exclude<Reply, { type: 'log' }>): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    clearTimeout(pending.acknowledgement);
    pending.acknowledgement = undefined;
    if (reply.type === 'progress') pending.call?.onProgress(reply.progress);
    else if (reply.type === 'stopping') pending.call?.onStopping?.(reply.milliseconds);
    else if (reply.type === 'result') this.#settle(reply.id)?.resolve(reply.value);
    else if (reply.type === 'error') {
      if (isClassified(reply.error)) pending.call?.onClassified?.();
      this.#settle(reply.id)?.reject(fromWireError(reply.error, this.#options.plugin));
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    clearTimeout(pending?.acknowledgement);
    this.#pending.delete(id);
    return pending;
  }

  #fault(code: 'ERR_PLUGIN_PROTOCOL' | 'ERR_PLUGIN_STALLED', what: string): void {
    if (this.#closed) return;
    const { plugin, onFault } = this.#options;
    const error = new EaselError({ code, plugin, message: `The plugin "${plugin}" broke off: ${what}.` });
    this.close(error);
    onFault(error);
  }
}
