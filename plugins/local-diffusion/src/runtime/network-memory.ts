import type { Graph } from '../graph/builder.js';
import { Network } from './network.js';
import type { NetworkOptions } from './network-options.js';

/** What holds a place in the memory while it is open. */
interface Place {
  readonly graph: Graph;
  network: Network | undefined;
}

/**
 * The networks that are open, under a budget in bytes of weights: before one is opened, those that ran longest ago are closed until
 * there is room. One that is larger than the whole budget is opened alone.
 *
 * Its networks run one after the other.
 */
export class NetworkMemory {
  readonly #options: NetworkOptions;
  readonly #maximumBytes: number;
  /** The one that ran last is the last. */
  readonly #open = new Set<Place>();
  #openingMs = 0;
  /** Told before a network is opened. */
  onOpening: () => void = () => {};

  /** @param maximumBytes absent means without bound */
  constructor(options: NetworkOptions, maximumBytes = Number.POSITIVE_INFINITY) {
    this.#options = options;
    this.#maximumBytes = maximumBytes;
  }

  /** Bytes of weights that are open. */
  get bytes(): number {
    return [...this.#open].reduce((sum, { graph }) => sum + graph.weightBytes, 0);
  }

  /** Milliseconds spent in opening so far. */
  get openingMs(): number {
    return this.#openingMs;
  }

  /** The network of a place, opened if it is not. */
  async use(place: Place): Promise<Network> {
    const network = place.network ?? (await this.#openNow(place));
    this.#open.delete(place);
    this.#open.add(place);
    return network;
  }

  async close(place: Place): Promise<void> {
    this.#open.delete(place);
    const { network } = place;
    place.network = undefined;
    await network?.release();
  }

  async #openNow(place: Place): Promise<Network> {
    this.onOpening();
    const from = performance.now();
    for (const oldest of [...this.#open]) {
      if (this.bytes + place.graph.weightBytes <= this.#maximumBytes) break;
      await this.close(oldest);
    }
    place.network = await Network.open(place.graph, this.#options);
    this.#openingMs += performance.now() - from;
    return place.network;
  }
}
