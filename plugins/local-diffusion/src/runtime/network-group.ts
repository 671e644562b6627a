import type { Graph } from '../graph/builder.js';
import { Network } from './network.js';
import type { NetworkOptions } from './network-options.js';

/** The networks of one model: opened alike, counted and released together. */
export class NetworkGroup {
  readonly #options: NetworkOptions;
  readonly #networks: Network[] = [];

  /** @param options a number is the threads, all else as it is by itself */
  constructor(options: NetworkOptions | number | undefined) {
    this.#options = typeof options === 'object' ? options : { threads: options };
  }

  async open(graph: Graph): Promise<Network> {
    const network = await Network.open(graph, this.#options);
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

  /** What was asked for and could not be had, of all that are open. */
  get warnings(): readonly string[] {
    return [...new Set(this.#networks.flatMap(({ warnings }) => warnings))];
  }

  async release(): Promise<void> {
    for (const network of this.#networks.splice(0)) await network.release();
  }
}
