import type { Graph } from '../graph/builder.js';
import { Network } from './network.js';

/** The networks of one model: opened on the same number of threads, counted and released together. */
export class NetworkGroup {
  readonly #threads: number | undefined;
  readonly #networks: Network[] = [];

  /** @param threads cores that a network may use; absent means all of them */
  constructor(threads: number | undefined) {
    this.#threads = threads;
  }

  async open(graph: Graph): Promise<Network> {
    const network = await Network.open(graph, this.#threads);
    this.#networks.push(network);
    return network;
  }

  /** A network that is opened when it is first asked for; after a failure it is tried again. */
  lazy(write: () => Graph): () => Promise<Network> {
    let network: Network | undefined;
    return async () => {
      network ??= await this.open(write());
      return network;
    };
  }

  /** Milliseconds that all of them have run so far. */
  get runMs(): number {
    return this.#networks.reduce((sum, network) => sum + network.runMs, 0);
  }

  async release(): Promise<void> {
    for (const network of this.#networks.splice(0)) await network.release();
  }
}
