import { setTimeout as delay } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';
import { redactError } from '../../observe/redact.js';
import type { Runner } from '../runner/runner.js';
import { SerialQueue } from '../serial-queue.js';
import { CrashBudget, crashCodes } from './crash-budget.js';
import { createRunner, type Launch } from './create-runner.js';
import { inTime } from './in-time.js';
import { Quarantine } from './quarantine.js';
import { refusals } from './refusals.js';
import { missingSecrets } from './secrets.js';
import { assertMove, type PluginState } from './states.js';

export interface SupervisorOptions extends Launch {
  /** Whether it begins disabled. Absent: no. */
  readonly isDisabled?: boolean;
  /** Told when it has gone away by itself, or did not start. Absent: nobody is told. */
  readonly onCrash?: (reason: EaselError) => void;
  /** Answers whom the end of a run may be the doing of. Absent: nobody's but its own. */
  readonly blame?: (runner: Runner) => readonly string[];
  /** Milliseconds on a clock that never goes back. Absent: `performance.now`. */
  readonly now?: () => number;
}

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
  readonly #switching = new SerialQueue();
  #resting: Promise<void> | undefined;
  readonly #interruptions = new WeakSet<Error>();
  #backoff: AbortController | undefined;
  #readyAt = 0;
  readonly #now: () => number;
  readonly #budget: CrashBudget;
  readonly #id: string;
  /** How long it is left alone after crashes. */
  readonly quarantine: Quarantine;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#id = options.plugin.manifest.id;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = new CrashBudget(this.#now);
    this.quarantine = new Quarantine(this.#now);
    if (!options.isDisabled) return;
    this.#state = 'disabled';
    this.#refusal = refusals.disabled(this.#id);
  }

  get state(): PluginState {
    return this.#state;
  }

  /** What runs now. Undefined: nothing does. */
  get run(): Pick<Runner, 'pid' | 'device' | 'residentBytes'> | undefined {
    return this.#runner;
  }

  /** Milliseconds for which it has been ready; 0 while it is not. */
  get uptimeMs(): number {
    return this.#state === 'ready' ? this.#now() - this.#readyAt : 0;
  }

  /** Environment variables that it needs and that are not set. */
  get missingSecrets(): readonly string[] {
    const { plugin, environment } = this.#options;
    return missingSecrets(plugin.manifest.permissions.secrets, environment);
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
    await this.#resting;
    if (this.#state === 'ready' && this.#runner) return this.#runner;
    if (this.#state === 'quarantined') this.#leaveQuarantine();
    this.#starting ??= this.#startAfterBackoff().finally(() => {
      this.#starting = undefined;
    });
    return await this.#starting;
  }

  /** An error that came out of the plugin, without its secrets. */
  redacted(error: EaselError): EaselError {
    return redactError(error, this.#redact);
  }

  /** Ends a run, for example for a call that does not stop; that is no crash of the plugin's own, and it is started again when it is needed. */
  interrupt(runner: Runner, reason: EaselError): void {
    this.#interruptions.add(reason);
    runner.kill(reason);
  }

  /** Refuses new calls and ends those in flight with the reason. */
  kill(reason: EaselError): void {
    this.#refusal = reason;
    this.#runner?.release(reason);
  }

  /** Lets the running plugin make sure that it could serve. Rejects where it could not; that is no crash. */
  async probe(): Promise<void> {
    const runner = await this.running();
    await inTime(runner, this.#options.plugin, 'answer its probe', () => runner.probe());
  }

  /** Ends what runs, `graceMs` to close what it holds; the next call starts it again. */
  async stopUntilNextCall(graceMs: number): Promise<void> {
    const runner = this.#runner;
    if (this.#state !== 'ready' || !runner) return;
    this.#move('draining');
    this.#resting = runner.stop(graceMs).then(() => {
      this.#resting = undefined;
      if (this.#state === 'draining') this.#move('idle');
    });
    await this.#resting;
  }

  /** Ends the plugin for good: `graceMs` to close what it holds, then by force. Resolves with whether force was needed. */
  async stop(graceMs: number): Promise<boolean> {
    return await this.#end('stopped', refusals.stopped(this.#id), graceMs);
  }

  /** Ends the plugin like {@link stop}, until it is enabled again. */
  async disable(graceMs: number): Promise<boolean> {
    return await this.#end('disabled', refusals.disabled(this.#id), graceMs);
  }

  /** Lets it be started again, by the next call, whatever it has done before. */
  async enable(): Promise<void> {
    await this.#switching.run(async () => {
      if (this.#state === 'stopped') return;
      this.#refusal = undefined;
      this.#budget.clear();
      this.quarantine.forget();
      if (this.#state === 'disabled' || this.#state === 'quarantined') this.#move('idle');
    });
  }

  async #end(state: 'disabled' | 'stopped', refusal: EaselError, graceMs: number): Promise<boolean> {
    return await this.#switching.run(async () => {
      if (this.#state === 'stopped') return false;
      this.#refusal = refusal;
      return await this.#endRun(state, refusal, graceMs);
    });
  }

  async #endRun(state: 'disabled' | 'stopped', refusal: EaselError, graceMs: number): Promise<boolean> {
    this.#backoff?.abort();
    this.quarantine.cancel();
    if (this.#state === 'starting') this.#runner?.kill(refusal);
    await this.#starting?.catch(() => {});
    await this.#resting;
    const runner = this.#runner;
    let isForced = false;
    if (this.#state === 'ready' && runner) {
      this.#move('draining');
      isForced = await runner.stop(graceMs);
    }
    if (this.#state !== state && this.#state !== 'stopped') this.#move(state);
    return isForced;
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
      const { runner, redact } = createRunner(this.#options);
      this.#runner = runner;
      this.#redact = redact;
      await inTime(runner, this.#options.plugin, 'start', () => runner.start());
      this.#readyAt = this.#now();
      this.#move('ready');
      void runner.ended.then((reason) => {
        this.#runner = undefined;
        if (this.#state === 'ready') this.#fail(reason, runner);
      });
      return runner;
    } catch (error) {
      this.#runner = undefined;
      throw this.#fail(error);
    }
  }

  #fail(error: unknown, runner?: Runner): EaselError {
    const known = EaselError.isInstance(error)
      ? this.redacted(error)
      : new EaselError({ code: 'ERR_INTERNAL', plugin: this.#id, message: String(error), cause: error });
    this.#lastError = known;
    this.#options.logger.error(known.message, { plugin: this.#id, code: known.code });
    this.#move('failed', known);
    const isCrash = crashCodes.has(known.code) && !this.#interruptions.has(error as Error);
    if (isCrash) this.#noteCrash(known, (runner && this.#options.blame?.(runner)) ?? []);
    if (isCrash) this.#options.onCrash?.(known);
    return known;
  }

  #noteCrash(error: EaselError, culprits: readonly string[]): void {
    this.#budget.record(culprits);
    if (!this.#budget.isSpent && (culprits.length > 0 || !this.quarantine.isOnProbation)) return;
    this.quarantine.begin(() => void this.probe().catch(() => {}));
    this.#move('quarantined', refusals.quarantined(this.#id, error, this.quarantine.leftMs));
  }

  /** Throws while it lasts. */
  #leaveQuarantine(): void {
    const { leftMs } = this.quarantine;
    if (leftMs > 0 && this.#lastError) throw refusals.quarantined(this.#id, this.#lastError, leftMs);
    this.#budget.clear();
    this.#move('idle');
  }

  #move(to: PluginState, error?: EaselError): void {
    const from = this.#state;
    assertMove(this.#id, from, to);
    this.#state = to;
    const { id: plugin, version } = this.#options.plugin.manifest;
    this.#options.events.emit(`plugin-${to}`, { plugin, version, from, ...(error ? { error } : {}) });
  }
}
