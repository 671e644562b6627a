import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  EaselError,
  type GenerationRequest,
  type LogLevel,
  type ValidGenerationResult,
} from '@easel/plugin-sdk';
import { Channel } from './channel.js';
import { parseResult } from './parse-result.js';
import type { StartPayload } from './protocol.js';
import type { Runner, RunnerCall } from './runner.js';

/** Compiled code runs in the child, also where the kernel itself is run from its sources. */
const childEntry = fileURLToPath(new URL('../../../dist/kernel/runner/child-entry.js', import.meta.url));
const heartbeatMs = 1_000;

export interface ProcessRunnerOptions {
  readonly start: StartPayload;
  readonly limits: {
    readonly stallMs: number;
    readonly heapMb: number | undefined;
  };
  readonly onLog: (level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * Runs a plugin in a child process with an empty environment. Whatever the plugin does to its process, the kernel sees an end of it:
 * a crash, an exit, a loop (no acknowledgement, no answer to a heartbeat) and rubbish on the wire all end in rejected calls.
 */
export class ProcessRunner implements Runner {
  readonly #options: ProcessRunnerOptions;
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #heartbeat: NodeJS.Timeout;
  readonly ended: Promise<Error>;
  #isEnding = false;
  #killReason: Error | undefined;
  #calls = 0;
  #lastOutput = '';

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    const { start, limits } = options;
    const { plugin } = start;
    this.#child = spawn(
      process.execPath,
      [...(limits.heapMb === undefined ? [] : [`--max-old-space-size=${limits.heapMb}`]), childEntry],
      { env: {}, cwd: start.folder, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], windowsHide: true },
    );
    this.#channel = new Channel({
      plugin,
      stream: this.#child.stdio[3] as Duplex,
      stallMs: limits.stallMs,
      onLog: ({ level, message, details }) => options.onLog(level, message, details),
      onFault: (error) => this.kill(error),
    });
    this.#readLines(this.#child.stdout, 'info');
    this.#readLines(this.#child.stderr, 'warn');
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
    this.ended = this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async start(): Promise<void> {
    try {
      await this.#channel.send({ type: 'start', payload: this.#options.start });
    } catch (error) {
      this.kill(error as Error);
      await this.ended;
      throw error;
    }
    this.#keepHostAlive(false);
  }

  async generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult> {
    if (this.#calls++ === 0) this.#keepHostAlive(true);
    try {
      return parseResult(
        await this.#channel.send({ type: 'generate', payload: request }, call),
        this.#options.start.plugin,
      );
    } finally {
      if (--this.#calls === 0) this.#keepHostAlive(false);
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#isEnding = true;
    this.#keepHostAlive(true);
    const timer = setTimeout(
      () => this.kill(this.#crash(`was ended ${graceMs} ms after it was asked to stop`)),
      graceMs,
    );
    await this.#channel.send({ type: 'stop' }).catch(() => {});
    await this.ended;
    clearTimeout(timer);
  }

  kill(reason: Error): void {
    this.#isEnding = true;
    this.#killReason ??= reason;
    this.#channel.close(reason);
    this.#child.kill('SIGKILL');
  }

  /** An idle plugin does not keep its host from ending; it ends with it, when its wire closes. */
  #keepHostAlive(alive: boolean): void {
    const handles = [this.#child, ...this.#child.stdio] as ({ ref?(): void; unref?(): void } | null)[];
    for (const handle of handles) alive ? handle?.ref?.() : handle?.unref?.();
  }

  async #watch(): Promise<Error> {
    const what = await Promise.race([
      once(this.#child, 'exit').then(([code, signal]) =>
        signal ? `was ended by ${signal}` : `exited with status ${code}`,
      ),
      once(this.#child, 'error').then(([error]) => `could not be run: ${(error as Error).message}`),
    ]);
    this.#isEnding = true;
    clearInterval(this.#heartbeat);
    // Its last lines may still be on their way, and say why.
    await Promise.race([once(this.#child, 'close'), new Promise((resolve) => setTimeout(resolve, 200))]);
    const reason = this.#killReason ?? this.#crash(what);
    this.#channel.close(reason);
    return reason;
  }

  #crash(reason: string): EaselError {
    const said = this.#lastOutput === '' ? '' : ` Its last words: ${this.#lastOutput}`;
    const { plugin } = this.#options.start;
    return new EaselError({
      code: 'ERR_PLUGIN_CRASHED',
      plugin,
      message: `The process of the plugin "${plugin}" ${reason}.${said}`,
    });
  }

  /** A plugin that has acknowledged a call and then never lets go of its thread shows by not acknowledging this. */
  #beat(): void {
    if (this.#calls > 0) void this.#channel.send({ type: 'ping' }).catch(() => {});
  }

  #readLines(stream: Readable | null, level: LogLevel): void {
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      if (level === 'warn' && saysSomething(line)) this.#lastOutput = line.slice(0, 500);
      this.#options.onLog(level, line);
    });
  }
}

/** Not the frame of a stack and not the line with which Node ends its report of an uncaught error. */
const saysSomething = (line: string) => line.trim() !== '' && !/^\s*at |^Node\.js v/.test(line);
