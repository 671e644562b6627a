import { EaselError, type Manifest } from '@easel/plugin-sdk';
import CircuitBreaker from 'opossum';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  readonly plugin: string;
  readonly settings: Manifest['breaker'];
  /** Told of each change, with the failure that opened it. Absent: nobody is told. */
  readonly onChange?: ((state: BreakerState, error?: EaselError) => void) | undefined;
}

type Circuit = CircuitBreaker<[() => Promise<unknown>], unknown>;

/**
 * opossum, with its traps closed: no timeout, capacity, cache, fallback or abort controller of its own (the
 * cancellation and the bulkhead do that, and count until the work has ended), no listeners that could throw
 * into a call, and errors that are not the plugin's fault do not count, except from the half-open probe,
 * which would otherwise close the circuit.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #circuit: Circuit;
  readonly #counted = new WeakSet<EaselError>();
  #openedAt = 0;
  #lastError: EaselError | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#circuit = this.#createCircuit();
  }

  get state(): BreakerState {
    if (this.#circuit.halfOpen) return 'half-open';
    return this.#circuit.opened ? 'open' : 'closed';
  }

  /** Runs the action, or rejects with ERR_CIRCUIT_OPEN without running it. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    try {
      return (await this.#circuit.fire(this.#noting(action))) as T;
    } catch (error) {
      if (!CircuitBreaker.isOurError(error as Error)) throw error;
      const { plugin, settings } = this.#options;
      throw new EaselError({
        code: 'ERR_CIRCUIT_OPEN',
        plugin,
        message: `The plugin "${plugin}" failed too often; it is left alone for a while.`,
        retryAfterMs: Math.max(0, this.#openedAt + settings.resetMs - Date.now()),
      });
    }
  }

  /** Lets calls through again and forgets what has failed before; opossum alone would remember it. */
  reset(): void {
    const before = this.state;
    this.#circuit.shutdown();
    this.#circuit = this.#createCircuit();
    if (before !== 'closed') this.#options.onChange?.('closed');
  }

  /** Ends its timers. Only when nothing is in flight: a late failure would open it again. */
  close(): void {
    this.#circuit.shutdown();
  }

  #createCircuit(): Circuit {
    const { settings, onChange } = this.#options;
    const circuit: Circuit = new CircuitBreaker(async (action) => await action(), {
      timeout: false,
      errorThresholdPercentage: settings.errorThresholdPercent,
      volumeThreshold: settings.minimumCalls,
      rollingCountTimeout: settings.windowMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      resetTimeout: settings.resetMs,
      errorFilter: (error: unknown) => !circuit.halfOpen && !(countsForBreaker(error) && this.#isNew(error)),
    });
    const tell = (state: BreakerState, error?: EaselError) => {
      if (circuit === this.#circuit) onChange?.(state, error);
    };
    circuit.on('open', () => {
      this.#openedAt = Date.now();
      tell('open', this.#lastError);
    });
    circuit.on('halfOpen', () => tell('half-open'));
    circuit.on('close', () => tell('closed'));
    return circuit;
  }

  /** The end of a process takes all of its calls with it, with one error, and is one failure. */
  #isNew(error: unknown): boolean {
    if (!EaselError.isInstance(error)) return true;
    if (this.#counted.has(error)) return false;
    this.#counted.add(error);
    return true;
  }

  #noting<T>(action: () => Promise<T>): () => Promise<T> {
    return async () => {
      try {
        return await action();
      } catch (error) {
        if (EaselError.isInstance(error) && error.countsForBreaker) this.#lastError = error;
        throw error;
      }
    };
  }
}

function countsForBreaker(error: unknown): boolean {
  return EaselError.isInstance(error) ? error.countsForBreaker : true;
}
