import type { NetworkOptions } from './network-options.js';
import type { RunClock } from './run-clock.js';

/** What is opened for a place. */
export interface Releasable {
  release(): Promise<void>;
}

/** What may hold a part of the memory, while it is open. */
export interface Place<Opened extends Releasable> {
  /** Bytes that it takes in memory, about. */
  readonly weightBytes: number;
  open(options: NetworkOptions): Promise<Opened>;
  /** Absent: it is not open. Set by the memory. */
  opened?: Opened | undefined;
  /** What opening it took. Set by the memory. */
  openingMs?: number;
}

export interface NetworkMemoryOptions {
  /** Bytes of weights. Absent: without bound. */
  readonly maximumBytes?: number | undefined;
  /** Is told what cannot be stopped. Absent: nobody is. */
  readonly clock?: RunClock | undefined;
  /** Called before a network is opened. Absent: nobody is told. */
  readonly onOpening?: (() => void) | undefined;
}

/**
 * The networks that are open, under a budget in bytes of weights: before one is opened, those that ran longest ago are closed until
 * there is room. One that is larger than the whole budget is opened alone.
 *
 * Its networks run one after the other.
 */
export class NetworkMemory {
  readonly #options: NetworkOptions;
  /** The budget, in bytes. */
  readonly maximumBytes: number;
  readonly #clock: RunClock | undefined;
  /** The one that ran last is the last. */
  readonly #open = new Set<Place<Releasable>>();
  #openingMs = 0;
  readonly #onOpening: (() => void) | undefined;

  constructor(
    options: NetworkOptions,
    { maximumBytes = Number.POSITIVE_INFINITY, clock, onOpening }: NetworkMemoryOptions = {},
  ) {
    this.#options = options;
    this.maximumBytes = maximumBytes;
    this.#clock = clock;
    this.#onOpening = onOpening;
  }

  /** Bytes of weights that are open. */
  get bytes(): number {
    return [...this.#open].reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  }

  /** Milliseconds spent in opening so far. */
  get openingMs(): number {
    return this.#openingMs;
  }

  /**
   * Does something with the network of a place, which is opened if it is not.
   *
   * @param expectedMs what it took the last time; undefined where this is the first
   */
  async use<Opened extends Releasable, T>(
    place: Place<Opened>,
    expectedMs: number | undefined,
    run: (network: Opened) => Promise<T>,
  ): Promise<T> {
    const network = place.opened ?? (await this.#openNow(place));
    this.#open.delete(place);
    this.#open.add(place);
    this.#clock?.beginRun(expectedMs);
    try {
      return await run(network);
    } finally {
      this.#clock?.end();
    }
  }

  async close(place: Place<Releasable>): Promise<void> {
    this.#open.delete(place);
    const { opened } = place;
    place.opened = undefined;
    await opened?.release();
    this.#tellCost();
  }

  async #openNow<Opened extends Releasable>(place: Place<Opened>): Promise<Opened> {
    this.#onOpening?.();
    const from = performance.now();
    for (const oldest of [...this.#open]) {
      if (this.bytes + place.weightBytes <= this.maximumBytes) break;
      await this.close(oldest);
    }
    this.#clock?.beginOpening();
    try {
      place.opened = await place.open(this.#options);
    } finally {
      this.#clock?.end();
    }
    place.openingMs = performance.now() - from;
    this.#openingMs += place.openingMs;
    this.#open.add(place);
    this.#tellCost();
    return place.opened;
  }

  #tellCost(): void {
    if (!this.#clock) return;
    this.#clock.openingMs = [...this.#open].reduce((sum, { openingMs = 0 }) => sum + openingMs, 0);
  }
}
