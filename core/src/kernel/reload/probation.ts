import { dropGeneration } from '../generations/generation.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { PluginFolder } from '../manifest/read.js';

/** Milliseconds in which a version that has been swapped in may not crash, or the one before it comes back. */
const probationMs = 60_000;

/** A version that has replaced another one lately. */
export interface Newcomer {
  readonly plugin: GuardedPlugin;
  readonly fingerprint: string;
  /** A copy of the version before, and what it was like. */
  readonly predecessor: { readonly plugin: PluginFolder; readonly fingerprint: string };
}

/** Keeps the way back open for the first minute of each new version. */
export class Probation {
  readonly #newcomers = new Map<string, Newcomer & { readonly timer: NodeJS.Timeout }>();
  readonly #onPassed: (plugin: GuardedPlugin) => void;

  /** @param onPassed told of each version to which there is no way back any more */
  constructor(onPassed: (plugin: GuardedPlugin) => void) {
    this.#onPassed = onPassed;
  }

  begin(newcomer: Newcomer): void {
    const { id } = newcomer.plugin.manifest;
    void this.end(id);
    const timer = setTimeout(() => void this.end(id), probationMs).unref();
    this.#newcomers.set(id, { ...newcomer, timer });
  }

  /** Takes a plugin out of its probation, for whoever will now see to its predecessor. Undefined: it is in none. */
  take(plugin: GuardedPlugin): Newcomer | undefined {
    const { id } = plugin.manifest;
    const newcomer = this.#newcomers.get(id);
    if (newcomer?.plugin !== plugin) return undefined;
    clearTimeout(newcomer.timer);
    this.#newcomers.delete(id);
    return newcomer;
  }

  /** Gives up the way back. */
  async end(id: string): Promise<void> {
    const newcomer = this.#newcomers.get(id);
    if (!newcomer) return;
    clearTimeout(newcomer.timer);
    this.#newcomers.delete(id);
    this.#onPassed(newcomer.plugin);
    await dropGeneration(newcomer.predecessor.plugin);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#newcomers.keys()].map((id) => this.end(id)));
  }
}
