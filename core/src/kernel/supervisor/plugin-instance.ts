import { EaselError } from '@easel/plugin-sdk';
import { redactError } from '../../observe/redact.js';
import type { Runner } from '../runner/runner.js';
import type { CrashPolicy } from './crash-policy.js';
import { createRunner, type Launch } from './create-runner.js';
import { inTime } from './in-time.js';
import { refusals } from './refusals.js';
import { startRunner } from './start-runner.js';
import type { StateMachine } from './states.js';

export interface PluginInstanceOptions {
  readonly launch: Launch;
  readonly states: StateMachine;
  readonly crashes: CrashPolicy;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Throws where the plugin is not to be started. */
  readonly assertAllowed: () => void;
  /** Told when it has gone away by itself, or did not start. */
  readonly onCrash: (reason: EaselError) => void;
  /** Answers whom the end of a run may be the doing of. */
  readonly blame: (runner: Runner) => readonly string[];
}

/**
 * The one run of a plugin that there is at a time: starts it when it is needed, and again after it has gone.
 */
export class PluginInstance {
  readonly #options: PluginInstanceOptions;
  readonly #id: string;
  #runner: Runner | undefined;
  #starting: Promise<Runner> | undefined;
  #stopping: Promise<void> | undefined;
  #redact: (text: string) => string = (text) => text;
  #starts = 0;
  #readyAt = 0;
  #lastError: EaselError | undefined;

  constructor(options: PluginInstanceOptions) {
    this.#options = options;
    this.#id = options.launch.plugin.manifest.id;
  }

  get runner(): Runner | undefined {
    return this.#runner;
  }

  /** Milliseconds for which it has been ready; 0 while it is not. */
  get uptimeMs(): number {
    return this.#state === 'ready' ? this.#options.now() - this.#readyAt : 0;
  }

  /** Starts after the first one. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** Why it last failed to start or went away by itself. */
  get lastError(): EaselError | undefined {
    return this.#lastError;
  }

  get #state() {
    return this.#options.states.current;
  }

  /** An error that came out of the plugin, without its secrets. */
  redacted(error: EaselError): EaselError {
    return redactError(error, this.#redact);
  }

  /** The running plugin, started if need be; concurrent callers share one start. */
  async running(): Promise<Runner> {
    this.#options.assertAllowed();
    // One that is on its way out is waited for: two of the same plugin never run at once.
    if (this.#runner?.isEnding) await this.#runner.ended;
    await this.#stopping;
    if (this.#state === 'ready' && this.#runner) return this.#runner;
    if (this.#state === 'quarantined') this.#leaveQuarantine();
    this.#starting ??= this.#startAfterPause().finally(() => {
      this.#starting = undefined;
    });
    return await this.#starting;
  }

  /**
   * Lets the running plugin make sure that it could serve. Rejects where it could not; that is not a crash.
   */
  async probe(): Promise<void> {
    const runner = await this.running();
    await inTime(runner, this.#options.launch.plugin, 'answer its probe', () => runner.probe());
  }

  /** Ends what runs, `graceMs` to close what it holds; the next call starts it again. */
  async stopUntilNextCall(graceMs: number): Promise<void> {
    const runner = this.#runner;
    if (this.#state !== 'ready' || !runner) return;
    this.#options.states.move('draining');
    this.#stopping = runner.stop(graceMs).then(() => {
      this.#stopping = undefined;
      if (this.#state === 'draining') this.#options.states.move('idle');
    });
    await this.#stopping;
  }

  /** Ends what runs, starts or waits to start. Resolves with whether force was needed after `graceMs`. */
  async end(reason: EaselError, graceMs: number): Promise<boolean> {
    this.#options.crashes.cancel();
    if (this.#state === 'starting') this.#runner?.kill(reason);
    await this.#starting?.catch(() => {});
    await this.#stopping;
    const runner = this.#runner;
    if (this.#state !== 'ready' || !runner) return false;
    this.#options.states.move('draining');
    return await runner.stop(graceMs);
  }

  async #startAfterPause(): Promise<Runner> {
    const { states, crashes, assertAllowed } = this.#options;
    if (crashes.waitMs > 0) {
      states.move('backoff');
      await crashes.wait();
    }
    assertAllowed();
    return await this.#start();
  }

  async #start(): Promise<Runner> {
    const { launch, states, now } = this.#options;
    states.move('starting');
    this.#starts++;
    try {
      const { runner, redact } = createRunner(launch);
      this.#runner = runner;
      this.#redact = redact;
      await startRunner(runner, launch.plugin);
      this.#readyAt = now();
      states.move('ready');
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
    const { launch, states, crashes, blame, onCrash } = this.#options;
    const known = EaselError.isInstance(error)
      ? this.redacted(error)
      : new EaselError({ code: 'ERR_INTERNAL', plugin: this.#id, message: String(error), cause: error });
    this.#lastError = known;
    launch.logger.error(known.message, { plugin: this.#id, code: known.code });
    states.move('failed', known);
    if (!crashes.isCrash(known, error)) return known;
    if (crashes.record(runner ? blame(runner) : [])) this.#quarantine(known);
    onCrash(known);
    return known;
  }

  #quarantine(error: EaselError): void {
    const { quarantine } = this.#options.crashes;
    quarantine.begin(() => void this.probe().catch(() => {}));
    this.#options.states.move('quarantined', refusals.quarantined(this.#id, error, quarantine.leftMs));
  }

  /** Throws while it lasts. */
  #leaveQuarantine(): void {
    const { crashes, states } = this.#options;
    const { leftMs } = crashes.quarantine;
    if (leftMs > 0 && this.#lastError) throw refusals.quarantined(this.#id, this.#lastError, leftMs);
    crashes.clearCrashes();
    states.move('idle');
  }
}
