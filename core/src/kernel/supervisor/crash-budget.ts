import type { ErrorCode } from '@easel/plugin-sdk';

/** What is the plugin's own doing, and so no reason to start it again and again. */
export const crashCodes: ReadonlySet<ErrorCode> = new Set([
  'ERR_PLUGIN_CRASHED',
  'ERR_PLUGIN_STALLED',
  'ERR_PLUGIN_PROTOCOL',
  'ERR_PLUGIN_START_FAILED',
]);

/** Crashes within the window, of different doing, after which a plugin is left alone for a while. */
export const crashLimit = 3;
export const crashWindowMs = 5 * 60_000;
const firstDelayMs = 500;
const longestDelayMs = 30_000;

/** Counts a plugin's crashes: how long to wait before the next start, and when to stop trying. */
export class CrashBudget {
  readonly #now: () => number;
  #crashes: { readonly at: number; readonly culprits: readonly string[]; readonly counts: boolean }[] = [];

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param culprits whom it may be the doing of; what one of them has done again counts once. Empty: the
   * plugin's own
   */
  record(culprits: readonly string[]): void {
    const recent = this.#recent();
    const known = new Set(recent.flatMap((crash) => crash.culprits));
    const counts = !culprits.some((culprit) => known.has(culprit));
    this.#crashes = [...recent, { at: this.#now(), culprits, counts }];
  }

  clear(): void {
    this.#crashes = [];
  }

  get isSpent(): boolean {
    return this.#recent().filter(({ counts }) => counts).length >= crashLimit;
  }

  /**
   * Milliseconds until it may be started again: half a second after the first crash, doubled with each one
   * more.
   */
  get waitMs(): number {
    const recent = this.#recent();
    const last = recent.at(-1)?.at;
    if (last === undefined) return 0;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (recent.length - 1));
    return Math.max(0, last + delayMs - this.#now());
  }

  #recent() {
    return this.#crashes.filter(({ at }) => this.#now() - at < crashWindowMs);
  }
}
