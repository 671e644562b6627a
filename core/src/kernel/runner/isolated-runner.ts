import { stripVTControlCharacters } from 'node:util';
import {
  type Cost,
  EaselError,
  type GenerationRequest,
  type LogLevel,
  type MemoryPlan,
  type ValidGenerationResult,
  type Webhook,
} from '@easel/plugin-sdk';
import type { WriteLog } from '../../observe/plugin-logger.js';
import { Channel } from './channel.js';
import type { IsolateHost } from './isolate-host.js';
import { LastWords } from './last-words.js';
import { readLines } from './line-reader.js';
import { LogLimit } from './log-limit.js';
import { parseCost, parsePlan, parseStarted } from './parse-answer.js';
import type { Started, StartPayload } from './protocol.js';
import { readResidentBytes } from './resident-memory.js';
import type { Runner, RunnerCall } from './runner.js';

const heartbeatMs = 1_000;
/**
 * Milliseconds for the last lines and answers of a plugin that has ended to arrive, and for what it has
 * started to end.
 */
const lastWordsMs = 200;
const mebibyte = 1024 * 1024;

export interface IsolatedRunnerOptions {
  readonly start: StartPayload;
  readonly limits: {
    readonly stallMs: number;
    readonly heapMb?: number | undefined;
    /** Resident memory of its process; a thread has none of its own. */
    readonly memoryMb?: number | undefined;
  };
  readonly onLog: WriteLog;
}

/**
 * Runs a plugin in a process or a thread of its own with nothing of the environment of the kernel. Whatever
 * the plugin does to it, the kernel sees an end of it: a crash, an exit, a loop (no acknowledgement, no
 * answer to a heartbeat) and rubbish on the wire all end in rejected calls.
 */
export class IsolatedRunner implements Runner {
  readonly ended: Promise<Error>;
  readonly #options: IsolatedRunnerOptions;
  readonly #host: IsolateHost;
  readonly #channel: Channel;
  readonly #log: LogLimit;
  readonly #lastWords: LastWords;
  readonly #heartbeat: NodeJS.Timeout;
  #isEnding = false;
  #killReason: Error | undefined;
  #calls = 0;
  #isPinging = false;
  #told: Started = {};
  #residentBytes: number | undefined;

  constructor(options: IsolatedRunnerOptions, host: IsolateHost) {
    this.#options = options;
    this.#host = host;
    this.#lastWords = new LastWords(options.start.folder);
    this.#log = new LogLimit(options.onLog, options.start.logLinesPerSecond);
    this.#channel = new Channel({
      plugin: options.start.plugin,
      protocol: options.start.protocol,
      port: host.port,
      stallMs: options.limits.stallMs,
      onLog: ({ level, message, details }) => this.#log.write(level, message, details),
      onFault: (error) => this.kill(error),
    });
    if (host.output) {
      readLines(host.output.stdout, (line) => this.#hear('info', line));
      readLines(host.output.stderr, (line) => this.#hear('warn', line));
    }
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs).unref();
    this.ended = this.#watch();
  }

  get pid(): number | undefined {
    return this.#host.pid;
  }

  get device(): string | undefined {
    return this.#told.device;
  }

  get residentBytes(): number | undefined {
    return this.#residentBytes;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async start(): Promise<void> {
    try {
      const { start } = this.#options;
      const started = await this.#channel.send({ type: 'start', payload: start });
      this.#told = parseStarted(started, start.plugin);
    } catch (error) {
      this.kill(error as Error);
      await this.ended;
      throw error;
    }
    // An idle plugin does not keep its host from ending; it ends with it.
    this.#host.keepHostAlive(false);
  }

  async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
    return await this.#counted(() => this.#channel.generate(request, call));
  }

  async planMemory(payload: GenerationRequest): Promise<MemoryPlan | undefined> {
    if (!this.#told.plansMemory) return undefined;
    const answer = await this.#counted(() => this.#channel.send({ type: 'plan', payload }));
    return parsePlan(answer, this.#options.start.plugin);
  }

  async estimateCost(payload: GenerationRequest): Promise<Cost | undefined> {
    if (!this.#told.estimatesCost) return undefined;
    const answer = await this.#counted(() => this.#channel.send({ type: 'estimate', payload }));
    return parseCost(answer, this.#options.start.plugin);
  }

  async receiveWebhook(payload: Webhook): Promise<void> {
    if (this.#told.takesWebhooks) await this.#counted(() => this.#channel.send({ type: 'webhook', payload }));
  }

  /** Keeps the host from ending while a call is under way. */
  async #counted<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#calls++ === 0) this.#host.keepHostAlive(true);
    try {
      return await call();
    } finally {
      if (--this.#calls === 0) this.#host.keepHostAlive(false);
    }
  }

  async probe(): Promise<void> {
    await this.#channel.send({ type: 'probe' });
  }

  async stop(graceMs: number): Promise<boolean> {
    this.#isEnding = true;
    this.#host.keepHostAlive(true);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = !this.#mayFinish;
      this.release(this.#crash(`was ended ${graceMs} ms after it was asked to stop`));
    }, graceMs);
    await this.#channel.send({ type: 'stop' }).catch(() => {});
    await this.ended;
    clearTimeout(timer);
    return isLate;
  }

  kill(reason: Error): void {
    this.#close(reason);
    this.#host.destroy();
  }

  release(reason: Error): void {
    this.#close(reason);
    if (this.#mayFinish) this.#host.release?.();
    else this.#host.destroy();
  }

  get #mayFinish(): boolean {
    return this.#options.start.finishMs !== undefined && this.#host.release !== undefined;
  }

  #close(reason: Error): void {
    this.#isEnding = true;
    this.#killReason ??= reason;
    this.#channel.close(reason);
  }

  async #watch(): Promise<Error> {
    const what = await this.#host.exited;
    this.#isEnding = true;
    clearInterval(this.#heartbeat);
    // Its last lines may still be on their way, and say why.
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, lastWordsMs);
    });
    await Promise.race([this.#host.drained, enough]);
    clearTimeout(timer);
    this.#log.flush();
    const reason = this.#killReason ?? this.#crash(what);
    this.#channel.close(reason);
    return reason;
  }

  #crash(reason: string): EaselError {
    const { text } = this.#lastWords;
    const said = text === '' ? '' : ` Its last words: ${text}`;
    const { plugin } = this.#options.start;
    return new EaselError({
      code: 'ERR_PLUGIN_CRASHED',
      plugin,
      message: `The ${this.#host.kind} of the plugin "${plugin}" ${reason}.${said}`,
    });
  }

  /**
   * A plugin that has acknowledged a call and then never lets go of its thread shows by not acknowledging
   * this.
   */
  async #beat(): Promise<void> {
    const { memoryMb } = this.#options.limits;
    const report = this.#calls > 0 ? this.#ping() : undefined;
    if (this.pid === undefined) return;
    const bytes = (await readResidentBytes(this.pid)) ?? (await (report ?? this.#ping()));
    this.#residentBytes = bytes ?? this.#residentBytes;
    if (memoryMb === undefined || bytes === undefined) return;
    if (bytes <= memoryMb * mebibyte || this.#isEnding) return;
    const used = Math.round(bytes / mebibyte);
    this.kill(this.#crash(`was ended: it used ${used} MiB of memory, and its memoryMb is ${memoryMb}`));
  }

  /**
   * One at a time: a plugin that does not read is not sent more and more of them. Resolves with its resident
   * bytes.
   */
  async #ping(): Promise<number | undefined> {
    if (this.#isPinging) return undefined;
    this.#isPinging = true;
    try {
      return Number(await this.#channel.send({ type: 'ping' }));
    } catch {
      return undefined;
    } finally {
      this.#isPinging = false;
    }
  }

  #hear(level: LogLevel, printed: string): void {
    const line = stripVTControlCharacters(printed);
    if (level === 'warn') this.#lastWords.hear(line);
    this.#log.write(level, line);
  }
}
