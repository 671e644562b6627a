import {
  EaselError,
  type GenerationRequest,
  type Logger,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import { parseResult } from './parse-result.js';
import { type PluginHost, startPluginHost } from './plugin-host.js';
import type { StartPayload } from './protocol.js';
import type { Runner, RunnerCall } from './runner.js';
import { fromWireError, toWireError } from './wire-error.js';

/**
 * Runs a plugin inside of the kernel's own thread: no copying and no start-up cost, and no protection. A loop or a crash in it is a loop
 * or a crash of the host, killing it only abandons its calls, and its code stays loaded until the host ends.
 */
export class InlineRunner implements Runner {
  readonly pid = undefined;
  readonly ended: Promise<string>;
  readonly #plugin: string;
  readonly #payload: StartPayload;
  readonly #logger: Logger;
  readonly #end: (reason: string) => void;
  readonly #abandon = new Set<(reason: Error) => void>();
  #host: PluginHost | undefined;
  #isEnding = false;

  constructor(options: { start: StartPayload; logger: Logger }) {
    this.#plugin = options.start.plugin;
    this.#payload = options.start;
    this.#logger = options.logger;
    let end: (reason: string) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async start(): Promise<void> {
    try {
      this.#host = await startPluginHost(this.#payload, this.#logger);
    } catch (error) {
      this.#end('did not start');
      throw fromWireError(toWireError(error), this.#plugin);
    }
  }

  async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
    const host = this.#host;
    if (!host)
      throw new EaselError({
        code: 'ERR_PLUGIN_CRASHED',
        plugin: this.#plugin,
        message: `The plugin "${this.#plugin}" is not running.`,
      });
    let abandon: (reason: Error) => void = () => {};
    const abandoned = new Promise<never>((_, reject) => {
      abandon = reject;
    });
    this.#abandon.add(abandon);
    try {
      return parseResult(await Promise.race([host.generate(request, call), abandoned]), this.#plugin);
    } catch (error) {
      throw fromWireError(toWireError(error), this.#plugin);
    } finally {
      this.#abandon.delete(abandon);
    }
  }

  async stop(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([this.#host?.close().catch(() => {}), timeout]);
    clearTimeout(timer);
    this.kill(
      new EaselError({
        code: 'ERR_PLUGIN_CRASHED',
        plugin: this.#plugin,
        message: `The plugin "${this.#plugin}" was stopped.`,
      }),
    );
  }

  kill(reason: Error): void {
    this.#isEnding = true;
    this.#host = undefined;
    for (const abandon of this.#abandon) abandon(reason);
    this.#end('was ended');
  }
}
