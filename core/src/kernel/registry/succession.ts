import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import { withCancellation } from '../guard/with-cancellation.js';

interface Rollout {
  readonly predecessor: GuardedPlugin;
  readonly percent: number;
  /** Hundredths of a call that the newcomer is owed. */
  credit: number;
}

/** Who answers for a plugin while one version takes the place of another. */
export class Succession {
  readonly #successors = new WeakMap<GuardedPlugin, Promise<GuardedPlugin>>();
  readonly #rollouts = new Map<GuardedPlugin, Rollout>();
  /** By newcomer that has all calls: the version before, which is started where it is needed. */
  readonly #standIns = new Map<GuardedPlugin, GuardedPlugin>();

  /**
   * Lets the calls of a plugin that come from now on wait until it is known who takes its place; it may be
   * the same again.
   */
  hold(plugin: GuardedPlugin, successor: Promise<GuardedPlugin>): void {
    this.#successors.set(plugin, successor);
    void successor.then((found) => {
      if (found === plugin) this.#successors.delete(plugin);
    });
  }

  /** Gives a newcomer some of a hundred of its calls, spread evenly, and its predecessor the others. */
  share(newcomer: GuardedPlugin, predecessor: GuardedPlugin, percent: number): void {
    this.#rollouts.set(newcomer, { predecessor, percent, credit: 0 });
  }

  /** Lets the version before answer the calls at which a newcomer fails by itself. */
  keep(newcomer: GuardedPlugin, standIn: GuardedPlugin): void {
    this.#standIns.set(newcomer, standIn);
  }

  /**
   * Gives a newcomer all of its calls; answers the version before, which gets no more. Undefined: it has none
   * any more.
   */
  settle(newcomer: GuardedPlugin): GuardedPlugin | undefined {
    const before = this.#versionBefore(newcomer);
    this.#rollouts.delete(newcomer);
    this.#standIns.delete(newcomer);
    return before;
  }

  /** The version that a newcomer shares its calls with. Undefined: it has them all. */
  predecessorOf(newcomer: GuardedPlugin): GuardedPlugin | undefined {
    return this.#rollouts.get(newcomer)?.predecessor;
  }

  /** A version and the one before it, where that may still answer. */
  versionsOf(plugin: GuardedPlugin): GuardedPlugin[] {
    const before = this.#versionBefore(plugin);
    return before ? [plugin, before] : [plugin];
  }

  /**
   * Who may answer a call at which a version has failed: the one that takes its place, or else the one before
   * it; a promise only where it has to be waited for, which rejects with the signal's reason. Undefined:
   * nobody.
   */
  otherVersion(
    failed: GuardedPlugin,
    signal: AbortSignal,
  ): GuardedPlugin | undefined | Promise<GuardedPlugin | undefined> {
    const successor = this.#successors.get(failed);
    if (!successor) return this.#versionBefore(failed);
    const other = successor.then((found) => (found === failed ? undefined : found));
    return withCancellation(other, signal, () => {}).answer;
  }

  #versionBefore(newcomer: GuardedPlugin): GuardedPlugin | undefined {
    return this.predecessorOf(newcomer) ?? this.#standIns.get(newcomer);
  }

  /**
   * The plugin that is to answer a call for this one; a promise only where it has to be waited for, which
   * rejects with the signal's reason.
   */
  currentVersion(plugin: GuardedPlugin, signal: AbortSignal): GuardedPlugin | Promise<GuardedPlugin> {
    const successor = this.#successors.get(plugin);
    if (successor) return withCancellation(successor, signal, () => {}).answer;
    const rollout = this.#rollouts.get(plugin);
    if (!rollout) return plugin;
    rollout.credit += rollout.percent;
    if (rollout.credit < 100) return rollout.predecessor;
    rollout.credit -= 100;
    return plugin;
  }
}
