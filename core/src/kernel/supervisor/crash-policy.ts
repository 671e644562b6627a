import { setTimeout as delay } from 'node:timers/promises';
import type { EaselError } from '@easel/plugin-sdk';
import { CrashBudget, crashCodes } from './crash-budget.js';
import { Quarantine } from './quarantine.js';

/**
 * Decides when a plugin that has crashed may start again: after a pause, or after a quarantine where it
 * crashes too often.
 */
export class CrashPolicy {
  readonly quarantine: Quarantine;
  readonly #budget: CrashBudget;
  /** Reasons for which the kernel itself has ended a run. */
  readonly #interruptions = new WeakSet<Error>();
  #pause: AbortController | undefined;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.quarantine = new Quarantine(now);
    this.#budget = new CrashBudget(now);
  }

  /** A run that ends for this reason has not crashed. */
  excuse(reason: Error): void {
    this.#interruptions.add(reason);
  }

  /**
   * Whether the end of a run is a crash of the plugin's own.
   *
   * @param reason what the run has ended with; `error` is what it is told as
   */
  isCrash({ code }: EaselError, reason: unknown): boolean {
    return crashCodes.has(code) && !this.#interruptions.has(reason as Error);
  }

  /** Counts a crash; answers whether it is one too many, and the plugin is to be quarantined. */
  record(culprits: readonly string[]): boolean {
    this.#budget.record(culprits);
    return this.#budget.isSpent || (culprits.length === 0 && this.quarantine.isOnProbation);
  }

  /** Milliseconds for which the next start has to wait. */
  get waitMs(): number {
    return this.#budget.waitMs;
  }

  /** Waits until the plugin may start again, or until {@link cancel}. */
  async wait(): Promise<void> {
    this.#pause = new AbortController();
    await delay(this.waitMs, undefined, { signal: this.#pause.signal, ref: false }).catch(() => {});
    this.#pause = undefined;
  }

  /** Ends what is waited for, since the plugin is not to start again. */
  cancel(): void {
    this.#pause?.abort();
    this.quarantine.cancel();
  }

  /** Lets the plugin start at once; how often it was quarantined is not forgotten. */
  clearCrashes(): void {
    this.#budget.clear();
  }

  /** Forgets crashes and quarantines. */
  forget(): void {
    this.#budget.clear();
    this.quarantine.forget();
  }
}
