import { EaselError, type Manifest } from '@easel/plugin-sdk';
import CircuitBreaker from 'opossum';

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * opossum, with its traps closed: no timeout, capacity, cache, fallback or abort controller of its own (the envelope and the bulkhead do
 * that, and count until the work has ended), no listeners that could throw into a call, and errors that are not the plugin's fault do not
 * count, except from the half-open probe, which would otherwise close the circuit.
 */
export class Breaker {
  readonly #plugin: string;
  readonly #resetMs: number;
  readonly #circuit: CircuitBreaker<[() => Promise<unknown>], unknown>;
  #openedAt = 0;

  constructor(plugin: string, settings: Manifest['breaker']) {
    this.#plugin = plugin;
    this.#resetMs = settings.resetMs;
    this.#circuit = new CircuitBreaker(async (action: () => Promise<unknown>) => await action(), {
      timeout: false,
      errorThresholdPercentage: settings.errorThresholdPercent,
      volumeThreshold: settings.minimumCalls,
      rollingCountTimeout: settings.windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      resetTimeout: settings.resetMs,
      errorFilter: (error: unknown) => !countsForBreaker(error) && !this.#circuit.halfOpen,
    });
    this.#circuit.on('open', () => {
      this.#openedAt = Date.now();
    });
  }

  get state(): BreakerState {
    if (this.#circuit.halfOpen) return 'half-open';
    return this.#circuit.opened ? 'open' : 'closed';
  }

  /** Runs the action, or rejects with ERR_CIRCUIT_OPEN without running it. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    try {
      return (await this.#circuit.fire(action)) as T;
    } catch (error) {
      if (!CircuitBreaker.isOurError(error as Error)) throw error;
      throw new EaselError({
        code: 'ERR_CIRCUIT_OPEN',
        plugin: this.#plugin,
        message: `The plugin "${this.#plugin}" failed too often; it is left alone for a while.`,
        retryAfterMs: Math.max(0, this.#openedAt + this.#resetMs - Date.now()),
      });
    }
  }

  /** Ends its timers. Only when nothing is in flight: a late failure would open it again. */
  close(): void {
    this.#circuit.shutdown();
  }
}

function countsForBreaker(error: unknown): boolean {
  return EaselError.isInstance(error) ? error.countsForBreaker : true;
}
