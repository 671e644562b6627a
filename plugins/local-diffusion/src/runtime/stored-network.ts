import type { Graph } from '../graph/builder.js';
import type { Feed, Network } from './network.js';
import type { NetworkMemory } from './network-memory.js';

/** A network that is opened when it runs, and closed when its memory is needed for another. */
export class StoredNetwork {
  readonly #memory: NetworkMemory;
  readonly #place: { readonly graph: Graph; network: Network | undefined };
  readonly #commonInputs: Readonly<Record<string, Feed>>;
  #runMs = 0;
  #warnings: readonly string[] = [];

  /** @param commonInputs given at each run, where the graph has an input of the name */
  constructor(graph: Graph, memory: NetworkMemory, commonInputs: Readonly<Record<string, Feed>>) {
    this.#place = { graph, network: undefined };
    this.#memory = memory;
    this.#commonInputs = commonInputs;
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#runMs;
  }

  /** What was asked for and could not be had when it was opened last. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Runs it once; resolves with the float32 outputs asked for, by name. */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const network = await this.#memory.use(this.#place);
    this.#warnings = network.warnings;
    const before = network.runMs;
    const common = Object.entries(this.#commonInputs).filter(([name]) =>
      this.#place.graph.inputs.some((input) => input.name === name),
    );
    try {
      return await network.run({ ...Object.fromEntries(common), ...feeds }, outputs);
    } finally {
      this.#runMs += network.runMs - before;
    }
  }

  async release(): Promise<void> {
    await this.#memory.close(this.#place);
  }
}
