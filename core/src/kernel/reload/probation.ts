import type { EaselError } from '@easel/plugin-sdk';
import { dropGeneration } from '../generations/generation.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { PluginFolder } from '../manifest/read.js';

/**
 * Milliseconds in which a version that has been swapped in may not crash, or the one before it comes back.
 */
const probationMs = 60_000;

/** A version that has replaced another one lately. */
export interface Newcomer {
  readonly plugin: GuardedPlugin;
  readonly fingerprint: string;
  /** A copy of the version before, and what it was like. */
  readonly predecessor: { readonly plugin: PluginFolder; readonly fingerprint: string };
}

export interface ProbationOptions {
  /** Told of each version to which there is no way back any more. */
  readonly onPassed: (plugin: GuardedPlugin) => void;
  /**
   * Told of each version that has failed; its probation is over, and its predecessor is the listener's to see
   * to.
   */
  readonly onFailed: (newcomer: Newcomer, reason: EaselError) => void;
}

/** Keeps the way back open for the first minute of each new version. */
export class Probation {
  readonly #newcomers = new Map<string, Newcomer & { readonly timer: NodeJS.Timeout }>();
  /** Failures of versions that were not in their probation, since it may begin only after them. */
  readonly #early = new WeakMap<GuardedPlugin, EaselError>();
  readonly #options: ProbationOptions;

  constructor(options: ProbationOptions) {
    this.#options = options;
  }

  /** Begins the minute of a newcomer; one that has failed before is told of at once. */
  begin(newcomer: Newcomer): void {
    const { id } = newcomer.plugin.manifest;
    void this.end(id);
    const timer = setTimeout(() => void this.end(id), probationMs).unref();
    this.#newcomers.set(id, { ...newcomer, timer });
    const early = this.#early.get(newcomer.plugin);
    if (early) this.fail(newcomer.plugin, early);
  }

  /** Notes that a version has failed. */
  fail(plugin: GuardedPlugin, reason: EaselError): void {
    const { id } = plugin.manifest;
    const newcomer = this.#newcomers.get(id);
    if (newcomer?.plugin !== plugin) {
      this.#early.set(plugin, reason);
      return;
    }
    clearTimeout(newcomer.timer);
    this.#newcomers.delete(id);
    this.#options.onFailed(newcomer, reason);
  }

  /** Gives up the way back. */
  async end(id: string): Promise<void> {
    const newcomer = this.#newcomers.get(id);
    if (!newcomer) return;
    clearTimeout(newcomer.timer);
    this.#newcomers.delete(id);
    this.#options.onPassed(newcomer.plugin);
    await dropGeneration(newcomer.predecessor.plugin);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#newcomers.keys()].map((id) => this.end(id)));
  }
}
