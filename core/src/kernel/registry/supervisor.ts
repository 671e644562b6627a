import { setTimeout as delay } from 'node:timers/promises';
import { EaselError, type ErrorCode, type Logger } from '@easel/plugin-sdk';
import { createPluginLog } from '../../observe/plugin-logger.js';
import { createRedactor } from '../../observe/redact.js';
import type { PluginFolder } from '../manifest/read.js';
import { InlineRunner } from '../runner/inline-runner.js';
import { createProcessRunner } from '../runner/process-runner.js';
import type { Runner } from '../runner/runner.js';
import { createThreadRunner } from '../runner/thread-runner.js';
import { CrashBudget, crashLimit, crashWindowMs } from './crash-budget.js';
import { resolveSecrets } from './secrets.js';
import { assertMove, type PluginState } from './states.js';

export interface SupervisorOptions {
  readonly plugin: PluginFolder;
  /** The plugin's part of the configuration; the plugin validates it. */
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Whether it begins disabled. Absent: no. */
  readonly isDisabled?: boolean;
  /** Told when it has gone away by itself, or did not start. Absent: nobody is told. */
  readonly onCrash?: (reason: EaselError) => void;
  /** Milliseconds on a clock that never goes back. Absent: `performance.now`. */
  readonly now?: () => number;
}

/** What is the plugin's own doing, and so no reason to start it again and again. */
const crashes: ReadonlySet<ErrorCode> = new Set([
  'ERR_PLUGIN_CRASHED',
  'ERR_PLUGIN_STALLED',
  'ERR_PLUGIN_PROTOCOL',
  'ERR_PLUGIN_START_FAILED',
]);

/** Keeps one plugin running for as long as it is wanted: starts it for the first call that needs it, and again after it has gone. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #state: PluginState = 'idle';
  #runner: Runner | undefined;
  #starting: Promise<Runner> | undefined;
  #starts = 0;
  #redact: (text: string) => string = (text) => text;
  #lastError: EaselError | undefined;
  #refusal: EaselError | undefined;
  #ending: Promise<void> | undefined;
  #backoff: AbortController | undefined;
  readonly #budget: CrashBudget;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#budget = new CrashBudget(options.now ?? (() => performance.now()));
    if (!options.isDisabled) return;
    this.#state = 'disabled';
    this.#refusal = this.#disabled();
  }

  get state(): PluginState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#runner?.pid;
  }

  /** Starts after the first one. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** Why it last failed to start or went away by itself. */
  get lastError(): EaselError | undefined {
    return this.#lastError;
  }

  /** The running plugin, started if need be; concurrent callers share one start. */
  async running(): Promise<Runner> {
    if (this.#refusal) throw this.#refusal;
    // One that is on its way out is waited for: two of the same plugin never run at once.
    if (this.#runner?.isEnding) await this.#runner.ended;
    if (this.#state === 'ready' && this.#runner) return this.#runner;
    if (this.#state === 'quarantined') throw this.#quarantine();
    this.#starting ??= this.#startAfterBackoff().finally(() => {
      this.#starting = undefined;
    });
    return await this.#starting;
  }

  /** An error that came out of the plugin, without its secrets. */
  redacted(error: EaselError): EaselError {
    const { code, plugin, retryAfterMs } = error;
    return new EaselError({
      code,
      plugin,
      retryAfterMs,
      message: this.#redact(error.message),
      hint: this.#redact(error.hint),
    });
  }

  /** Refuses new calls and ends those in flight with the reason. */
  kill(reason: EaselError): void {
    this.#refusal = reason;
    this.#runner?.kill(reason);
  }

  /** Ends the plugin for good: `graceMs` to close what it holds, then by force. */
  async stop(graceMs: number): Promise<void> {
    const message = `The plugin "${this.#id}" has been stopped.`;
    await this.#end(
      'stopped',
      new EaselError({ code: 'ERR_KERNEL_CLOSED', plugin: this.#id, message }),
      graceMs,
    );
  }

  /** Ends the plugin like {@link stop}, until it is enabled again. */
  async disable(graceMs: number): Promise<void> {
    await this.#end('disabled', this.#disabled(), graceMs);
  }

  /** Lets it be started again, by the next call, whatever it has done before. */
  async enable(): Promise<void> {
    await this.#ending;
    if (this.#state === 'stopped') return;
    this.#refusal = undefined;
    this.#budget.clear();
    if (this.#state === 'disabled' || this.#state === 'quarantined') this.#move('idle');
  }

  async #end(state: 'disabled' | 'stopped', refusal: EaselError, graceMs: number): Promise<void> {
    await this.#ending;
    this.#refusal = refusal;
    this.#ending = this.#endRun(state, refusal, graceMs).finally(() => {
      this.#ending = undefined;
    });
    await this.#ending;
  }

  async #endRun(state: 'disabled' | 'stopped', refusal: EaselError, graceMs: number): Promise<void> {
    this.#backoff?.abort();
    if (this.#state === 'starting') this.#runner?.kill(refusal);
    await this.#starting?.catch(() => {});
    const runner = this.#runner;
    if (this.#state === 'ready' && runner) {
      this.#move('draining');
      await runner.stop(graceMs);
    }
    if (this.#state !== state && this.#state !== 'stopped') this.#move(state);
  }

  get #id(): string {
    return this.#options.plugin.manifest.id;
  }

  async #startAfterBackoff(): Promise<Runner> {
    const { waitMs } = this.#budget;
    if (waitMs > 0) {
      this.#move('backoff');
      this.#backoff = new AbortController();
      await delay(waitMs, undefined, { signal: this.#backoff.signal, ref: false }).catch(() => {});
      this.#backoff = undefined;
    }
    if (this.#refusal) throw this.#refusal;
    return await this.#start();
  }

  async #start(): Promise<Runner> {
    this.#move('starting');
    this.#starts++;
    try {
      const runner = this.#createRunner();
      this.#runner = runner;
      await this.#startInTime(runner);
      this.#move('ready');
      void runner.ended.then((reason) => this.#onEnd(reason));
      return runner;
    } catch (error) {
      this.#runner = undefined;
      throw this.#fail(error);
    }
  }

  async #startInTime(runner: Runner): Promise<void> {
    const { startMs } = this.#options.plugin.manifest.runtime;
    const late = () => {
      const message = `The plugin "${this.#id}" did not start within ${startMs} ms.`;
      runner.kill(new EaselError({ code: 'ERR_PLUGIN_START_FAILED', plugin: this.#id, message }));
    };
    const timer = setTimeout(late, startMs);
    try {
      await runner.start();
    } finally {
      clearTimeout(timer);
    }
  }

  #createRunner(): Runner {
    const { plugin, config, environment, logger } = this.#options;
    const { id, permissions, runtime } = plugin.manifest;
    const secrets = resolveSecrets(id, permissions.secrets, environment);
    this.#redact = createRedactor(secrets);
    const onLog = createPluginLog(logger, id, this.#redact);
    const { isolation, logLinesPerSecond } = runtime;
    const { folder, entry } = plugin;
    const start = { plugin: id, folder, entry, config, secrets, logLinesPerSecond };
    const options = { start, limits: runtime, onLog };
    if (isolation === 'inline') return new InlineRunner(options);
    return isolation === 'thread' ? createThreadRunner(options) : createProcessRunner(options);
  }

  #onEnd(reason: Error): void {
    this.#runner = undefined;
    if (this.#state === 'ready') this.#fail(reason);
  }

  #fail(error: unknown): EaselError {
    const known = EaselError.isInstance(error)
      ? this.redacted(error)
      : new EaselError({ code: 'ERR_INTERNAL', plugin: this.#id, message: String(error), cause: error });
    this.#lastError = known;
    this.#options.logger.error(known.message, { plugin: this.#id, code: known.code });
    this.#move('failed');
    if (crashes.has(known.code)) this.#budget.record();
    if (this.#budget.isSpent) this.#move('quarantined');
    if (crashes.has(known.code)) this.#options.onCrash?.(known);
    return known;
  }

  #disabled(): EaselError {
    const message = `The plugin "${this.#id}" is disabled.`;
    return new EaselError({ code: 'ERR_PLUGIN_DISABLED', plugin: this.#id, message });
  }

  #quarantine(): EaselError {
    const { message = 'unknown', hint } = this.#lastError ?? {};
    return new EaselError({
      code: 'ERR_PLUGIN_QUARANTINED',
      plugin: this.#id,
      message: `The plugin "${this.#id}" crashed ${crashLimit} times within ${crashWindowMs / 60_000} minutes and is not started any more; the last time: ${message}`,
      hint: `${hint ?? ''} Then enable it again.`.trim(),
    });
  }

  #move(to: PluginState): void {
    assertMove(this.#id, this.#state, to);
    this.#state = to;
  }
}
