/** Where the worker writes what the main thread reads while the worker is blocked: milliseconds, by place. */
const places = { startedAt: 0, expectedMs: 1, openingMs: 2 } as const;

/** What {@link RunClock} is backed by; give it to the worker. */
export const createRunMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer(Object.keys(places).length * Float64Array.BYTES_PER_ELEMENT);

/** What the worker is doing that it cannot be stopped in. */
export type Doing = 'nothing' | 'opening' | 'running';

/**
 * Tells the main thread what the worker, whose thread a network blocks, is in the middle of, and what it
 * would cost to begin anew. The worker writes, the main thread reads; the times are those of the system's
 * clock, which both have.
 */
export class RunClock {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Float64Array(memory);
  }

  /** @param expectedMs what it took the last time; undefined where this is the first */
  beginRun(expectedMs: number | undefined): void {
    this.#values[places.expectedMs] = expectedMs ?? Number.NaN;
    this.#values[places.startedAt] = Date.now();
  }

  beginOpening(): void {
    this.#values[places.expectedMs] = Number.POSITIVE_INFINITY;
    this.#values[places.startedAt] = Date.now();
  }

  /** What was begun has ended. */
  end(): void {
    this.#values[places.startedAt] = 0;
  }

  /** What opening all that is open has taken. */
  set openingMs(milliseconds: number) {
    this.#values[places.openingMs] = milliseconds;
  }

  get openingMs(): number {
    return this.#values[places.openingMs]!;
  }

  get doing(): Doing {
    if (this.#values[places.startedAt] === 0) return 'nothing';
    return this.#values[places.expectedMs] === Number.POSITIVE_INFINITY ? 'opening' : 'running';
  }

  /**
   * Milliseconds that are left of a run, less than 0 where it takes longer than the last time. Undefined:
   * nobody knows.
   */
  get remainingMs(): number | undefined {
    const expectedMs = this.#values[places.expectedMs]!;
    if (this.doing !== 'running' || Number.isNaN(expectedMs)) return undefined;
    return this.#values[places.startedAt]! + expectedMs - Date.now();
  }
}
