import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Cost,
  EaselError,
  type GenerationRequest,
  type MemoryPlan,
  type Plugin,
  type ValidGenerationResult,
  type Webhook,
} from '@easel/plugin-sdk';
import { asLogger, type WriteLog } from '../../observe/plugin-logger.js';
import { LogLimit } from './log-limit.js';
import { parseCost, parsePlan, parseResult, parseStarted } from './parse-answer.js';
import { type PluginHost, startPluginHost } from './plugin-host.js';
import type { StartPayload } from './protocol.js';
import { createReceipt, type PendingReceipt } from './receipt.js';
import type { Runner, RunnerCall } from './runner.js';
import { fromWireError, isClassified, toWireError } from './wire-error.js';

/**
 * Runs a plugin inside of the kernel's own thread: no copying and no start-up cost, and no protection. A loop
 * or a crash in it is a loop or a crash of the host, killing it only abandons its calls, and its code stays
 * loaded until the host ends.
 */
export class InlineRunner implements Runner {
  readonly pid = undefined;
  readonly residentBytes = undefined;
  readonly ended: Promise<Error>;
  readonly #plugin: string;
  readonly #payload: StartPayload;
  readonly #module: Plugin | undefined;
  readonly #log: LogLimit;
  readonly #end: (reason: Error) => void;
  readonly #abandon = new Set<(reason: Error) => void>();
  readonly #receipts = new Set<PendingReceipt>();
  #host: PluginHost | undefined;
  #device: string | undefined;
  #isEnding = false;

  /** @param options `module` is what the plugin's entry exports, where that need not be imported */
  constructor(options: { start: StartPayload; onLog: WriteLog; module?: Plugin | undefined }) {
    this.#module = options.module;
    this.#plugin = options.start.plugin;
    this.#payload = options.start;
    this.#log = new LogLimit(options.onLog, options.start.logLinesPerSecond);
    let end: (reason: Error) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  get device(): string | undefined {
    return this.#device;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async start(): Promise<void> {
    try {
      const host = await this.#unlessKilled(
        startPluginHost(this.#payload, asLogger(this.#log.write), this.#module),
      );
      this.#device = parseStarted({ device: host.device }, this.#plugin).device;
      this.#host = host;
    } catch (error) {
      const reason = fromWireError(toWireError(error), this.#plugin);
      this.kill(reason);
      throw reason;
    }
  }

  async probe(): Promise<void> {
    await this.#ask((host) => host.probe());
  }

  async planMemory(request: GenerationRequest): Promise<MemoryPlan | undefined> {
    return await this.#ask(async (host) => parsePlan(await host.planMemory?.(request), this.#plugin));
  }

  async estimateCost(request: GenerationRequest): Promise<Cost | undefined> {
    return await this.#ask(async (host) => parseCost(await host.estimateCost?.(request), this.#plugin));
  }

  async receiveWebhook(webhook: Webhook): Promise<void> {
    await this.#ask(async (host) => await host.receiveWebhook?.(webhook));
  }

  async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
    const { signal, onProgress, onHandedOver, onClassified, onStopping } = call;
    const receipt = createReceipt();
    this.#receipts.add(receipt);
    const stopsWithin = (milliseconds: number) => onStopping?.(milliseconds);
    const hostCall = { signal, onProgress, received: receipt.received, stopsWithin };
    let received = Promise.resolve(false);
    try {
      const ask = async (host: PluginHost) => {
        onHandedOver?.();
        try {
          return await host.generate(request, hostCall);
        } catch (error) {
          if (isClassified(toWireError(error))) onClassified?.();
          throw error;
        }
      };
      const made = await this.#ask(async (host) => parseResult(await ask(host), this.#plugin));
      received = call.received ?? Promise.resolve(true);
      return made;
    } finally {
      void received.then((isReceived) => {
        this.#receipts.delete(receipt);
        receipt.settle(isReceived);
      });
    }
  }

  async stop(graceMs: number): Promise<boolean> {
    this.#isEnding = true;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.kill(this.#crash('did not stop by itself'));
    }, graceMs);
    for (const receipt of this.#receipts) receipt.settle(false);
    // The plugin acts upon that first.
    await nextTurn();
    await Promise.race([this.#host?.close().catch(() => {}), this.ended]);
    clearTimeout(timer);
    this.kill(this.#crash('was stopped'));
    return isLate;
  }

  release(reason: Error): void {
    this.kill(reason);
  }

  kill(reason: Error): void {
    this.#isEnding = true;
    this.#host = undefined;
    for (const abandon of this.#abandon) abandon(reason);
    this.#log.flush();
    this.#end(reason);
  }

  async #ask<T>(question: (host: PluginHost) => Promise<T>): Promise<T> {
    if (!this.#host) throw this.#crash('is not running');
    try {
      return await this.#unlessKilled(question(this.#host));
    } catch (error) {
      throw fromWireError(toWireError(error), this.#plugin);
    }
  }

  async #unlessKilled<T>(work: Promise<T>): Promise<T> {
    let abandon: (reason: Error) => void = () => {};
    const abandoned = new Promise<never>((_, reject) => {
      abandon = reject;
    });
    this.#abandon.add(abandon);
    try {
      return await Promise.race([work, abandoned]);
    } finally {
      this.#abandon.delete(abandon);
    }
  }

  #crash(what: string): EaselError {
    return new EaselError({
      code: 'ERR_PLUGIN_CRASHED',
      plugin: this.#plugin,
      message: `The plugin "${this.#plugin}" ${what}.`,
    });
  }
}
