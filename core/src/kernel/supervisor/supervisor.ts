import type { EaselError, Webhook } from '@easel/plugin-sdk';
import type { Runner } from '../runner/runner.js';
import { SerialQueue } from '../serial-queue.js';
import { CrashPolicy } from './crash-policy.js';
import type { Launch } from './create-runner.js';
import { loadOnce } from './load-once.js';
import { PluginInstance } from './plugin-instance.js';
import { refusals } from './refusals.js';
import { missingSecrets } from './secrets.js';
import { type PluginState, StateMachine } from './states.js';

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

/** Keeps one plugin running for as long as it is wanted, and lets it be stopped, disabled and enabled. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #states: StateMachine;
  readonly #crashes: CrashPolicy;
  readonly #instance: PluginInstance;
  readonly #switching = new SerialQueue();
  readonly #ending = new AbortController();
  #refusal: EaselError | undefined;

  constructor(options: SupervisorOptions) {
    const { plugin, events, isDisabled, onCrash = () => {}, blame = () => [] } = options;
    const { manifest } = plugin;
    const now = options.now ?? (() => performance.now());
    this.#options = options;
    this.#refusal = isDisabled ? refusals.disabled(manifest.id) : undefined;
    this.#states = new StateMachine(manifest, isDisabled ? 'disabled' : 'idle', (to, change) =>
      events.emit(`plugin-${to}`, change),
    );
    this.#crashes = new CrashPolicy(now);
    this.#instance = new PluginInstance({
      launch: options,
      states: this.#states,
      crashes: this.#crashes,
      now,
      onCrash,
      blame,
      assertAllowed: () => {
        if (this.#refusal) throw this.#refusal;
      },
    });
  }

  get state(): PluginState {
    return this.#states.current;
  }

  /** What runs now. Undefined: nothing does. */
  get run(): Pick<Runner, 'pid' | 'device' | 'residentBytes'> | undefined {
    return this.#instance.runner;
  }

  /** Milliseconds for which it has been ready; 0 while it is not. */
  get uptimeMs(): number {
    return this.#instance.uptimeMs;
  }

  /** Milliseconds for which it is still left alone after crashes; 0 where it is not. */
  get quarantinedForMs(): number {
    return this.#crashes.quarantine.leftMs;
  }

  /** Environment variables that it needs and that are not set. */
  get missingSecrets(): readonly string[] {
    return this.missingSecretsWith([]);
  }

  /** The same, where it also needs some of its optional ones. */
  missingSecretsWith(optional: readonly string[]): readonly string[] {
    const { plugin, environment } = this.#options;
    return missingSecrets([...plugin.manifest.permissions.secrets, ...optional], environment);
  }

  /** Starts after the first one. */
  get restarts(): number {
    return this.#instance.restarts;
  }

  /** Why it last failed to start or went away by itself. */
  get lastError(): EaselError | undefined {
    return this.#instance.lastError;
  }

  /**
   * The running plugin, started if need be; concurrent callers share one start. Rejects with why it takes no
   * calls.
   */
  async running(): Promise<Runner> {
    return await this.#instance.running();
  }

  /** An error that came out of the plugin, without its secrets. */
  redacted(error: EaselError): EaselError {
    return this.#instance.redacted(error);
  }

  /**
   * Ends a run, for example for a call that does not stop; that is not a crash of the plugin's own, and the
   * next call starts it again.
   */
  interrupt(runner: Runner, reason: EaselError): void {
    this.#crashes.excuse(reason);
    runner.kill(reason);
  }

  /** Refuses new calls and ends those in flight with the reason. */
  kill(reason: EaselError): void {
    this.#refusal = reason;
    this.#instance.runner?.release(reason);
  }

  /** Loads its code and starts nothing. Rejects with why it cannot be used; that is not a crash. */
  async load(): Promise<void> {
    await loadOnce(this.#options, this.#ending.signal);
  }

  /**
   * Lets the running plugin make sure that it could serve. Rejects where it could not; that is not a crash.
   */
  async probe(): Promise<void> {
    await this.#instance.probe();
  }

  /**
   * Hands a webhook to the plugin where it runs; it is not started for that. Rejects with what went wrong.
   */
  async receiveWebhook(webhook: Webhook): Promise<void> {
    if (this.state === 'ready') await this.#instance.runner?.receiveWebhook(webhook);
  }

  /** Ends what runs, `graceMs` to close what it holds; the next call starts it again. */
  async stopUntilNextCall(graceMs: number): Promise<void> {
    await this.#instance.stopUntilNextCall(graceMs);
  }

  /**
   * Ends the plugin for good: `graceMs` to close what it holds, then by force. Resolves with whether force
   * was needed.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#ending.abort();
    return await this.#end('stopped', refusals.stopped(this.#options.plugin.manifest.id), graceMs);
  }

  /** Ends the plugin like {@link stop}, until it is enabled again. */
  async disable(graceMs: number): Promise<boolean> {
    return await this.#end('disabled', refusals.disabled(this.#options.plugin.manifest.id), graceMs);
  }

  /** Lets it be started again, by the next call, whatever it has done before. */
  async enable(): Promise<void> {
    await this.#switching.run(async () => {
      if (this.state === 'stopped') return;
      this.#refusal = undefined;
      this.#crashes.forget();
      if (this.state === 'disabled' || this.state === 'quarantined') this.#states.move('idle');
    });
  }

  async #end(state: 'disabled' | 'stopped', refusal: EaselError, graceMs: number): Promise<boolean> {
    return await this.#switching.run(async () => {
      if (this.state === 'stopped') return false;
      this.#refusal = refusal;
      const isForced = await this.#instance.end(refusal, graceMs);
      if (this.state !== state) this.#states.move(state);
      return isForced;
    });
  }
}
