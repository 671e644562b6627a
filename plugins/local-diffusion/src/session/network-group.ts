import type { NetworkCost } from '@easel/plugin-sdk';
import type { Graph } from '../graph/graph.js';
import type { Feed } from './network.js';
import type { NetworkMemory } from './network-memory.js';
import { StoredNetwork } from './stored-network.js';

/** Where the graphs of a model become networks. */
export type NetworkPlace = Pick<NetworkGroup, 'add' | 'memoryBytes'>;

/** The networks of one model: fed alike, counted and released together. */
export class NetworkGroup {
  readonly #memory: NetworkMemory;
  readonly #networks: StoredNetwork[] = [];
  /**
   * Of the networks that have been asked to run while a plan is made. Undefined: none is made, and they do
   * run.
   */
  #costs: Map<StoredNetwork, NetworkCost> | undefined;
  /** Given to each network that has an input of the name, beside what its runs are given. */
  readonly commonInputs: Record<string, Feed> = {};

  constructor(memory: NetworkMemory) {
    this.#memory = memory;
  }

  /** Takes a network in. It is opened when it first runs, and may be closed between two runs. */
  add(graph: Graph): StoredNetwork {
    const network: StoredNetwork = new StoredNetwork(graph, this.#memory, this.commonInputs, () => {
      const costs = this.#costs;
      return costs && ((cost) => costs.set(network, costlier(costs.get(network), cost)));
    });
    this.#networks.push(network);
    return network;
  }

  /** The same place for graphs that are changed before they are added. */
  rewritten(rewrite: (graph: Graph) => Graph): NetworkPlace {
    return { add: (graph) => this.add(rewrite(graph)), memoryBytes: this.memoryBytes };
  }

  /**
   * What the networks that run in some work would hold, in the order of their first runs. None is opened:
   * each gives zeros. Where a network does not fit, its stages become smaller.
   */
  async costsOf(work: () => Promise<void>): Promise<readonly NetworkCost[]> {
    const costs = new Map<StoredNetwork, NetworkCost>();
    this.#costs = costs;
    try {
      await work();
    } finally {
      this.#costs = undefined;
    }
    return [...costs.values()];
  }

  /** What the networks of all models may take together, in bytes. */
  get memoryBytes(): number {
    return this.#memory.maximumBytes;
  }

  /** Milliseconds that all of them have run so far. */
  get runMs(): number {
    return this.#networks.reduce((sum, network) => sum + network.runMs, 0);
  }

  /** What was asked for and could not be had, of all that have been opened. */
  get warnings(): readonly string[] {
    return [...new Set(this.#networks.flatMap(({ warnings }) => warnings))];
  }

  async release(): Promise<void> {
    for (const network of this.#networks.splice(0)) await network.release();
  }
}

const costlier = (one: NetworkCost | undefined, other: NetworkCost): NetworkCost =>
  one && one.heldBytes > other.heldBytes ? one : other;
