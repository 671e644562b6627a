import type { Graph } from '../graph/builder.js';
import { Network } from './network.js';
import type { NetworkOptions } from './network-options.js';
import type { RunClock } from './run-clock.js';

/** What holds a place in the memory while it is open. */
interface Place {
  readonly graph: Graph;
  network: Network | undefined;
  /** What opening it took. */
  openingMs: number;
}

export interface NetworkMemoryOptions {
  /** Bytes of weights. Absent: without bound. */
  readonly maximumBytes?: number | undefined;
  /** Is told what cannot be stopped. Absent: nobody is. */
  readonly clock?: RunClock | undefined;
}

/**
 * The networks that are open, under a budget in bytes of weights: before one is opened, those that ran longest ago are closed until
 * there is room. One that is larger than the whole budget is opened alone.
 *
 * Its networks run one after the other.
 */
export class NetworkMemory {
  /** How its networks are opened. */
  readonly options: NetworkOptions;
  readonly #maximumBytes: number;
  readonly #clock: RunClock | undefined;
  /** The one that ran last is the last. */
  readonly #open = new Set<Place>();
  #openingMs = 0;
  /** Told before a network is opened. */
  onOpening: () => void = () => {};

  constructor(
    options: NetworkOptions,
    { maximumBytes = Number.POSITIVE_INFINITY, clock }: NetworkMemoryOptions = {},
  ) {
    this.options = options;
    this.#maximumBytes = maximumBytes;
    this.#clock = clock;
  }

  /** Bytes of weights that are open. */
  get bytes(): number {
    return [...this.#open].reduce((sum, { graph }) => sum + graph.weightBytes, 0);
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
  async use<T>(
    place: Place,
    expectedMs: number | undefined,
    run: (network: Network) => Promise<T>,
  ): Promise<T> {
    const network = place.network ?? (await this.#openNow(place));
    this.#open.delete(place);
    this.#open.add(place);
    this.#clock?.beginRun(expectedMs);
    try {
      return await run(network);
    } finally {
      this.#clock?.end();
    }
  }

  async close(place: Place): Promise<void> {
    this.#open.delete(place);
    const { network } = place;
    place.network = undefined;
    await network?.release();
    this.#tellCost();
  }

  async #openNow(place: Place): Promise<Network> {
    this.onOpening();
    const from = performance.now();
    for (const oldest of [...this.#open]) {
      if (this.bytes + place.graph.weightBytes <= this.#maximumBytes) break;
      await this.close(oldest);
    }
    this.#clock?.beginOpening();
    try {
      place.network = await Network.open(place.graph, this.options);
    } finally {
      this.#clock?.end();
    }
    place.openingMs = performance.now() - from;
    this.#openingMs += place.openingMs;
    this.#open.add(place);
    this.#tellCost();
    return place.network;
  }

  #tellCost(): void {
    if (!this.#clock) return;
    this.#clock.openingMs = [...this.#open].reduce((sum, { openingMs }) => sum + openingMs, 0);
  }
}
