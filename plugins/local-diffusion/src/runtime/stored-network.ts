import type { Graph } from '../graph/builder.js';
import { type Feed, Network } from './network.js';
import type { NetworkMemory, Place } from './network-memory.js';

/** A network that is opened when it runs, and closed when its memory is needed for another. */
export class StoredNetwork {
  readonly #memory: NetworkMemory;
  readonly #place: Place<Network>;
  readonly #inputs: Graph['inputs'];
  readonly #commonInputs: Readonly<Record<string, Feed>>;
  /** What the last run of each shape took, by the shapes. */
  readonly #lastMs = new Map<string, number>();
  #runMs = 0;
  #warnings: readonly string[] = [];

  /** @param commonInputs given at each run, where the graph has an input of the name */
  constructor(graph: Graph, memory: NetworkMemory, commonInputs: Readonly<Record<string, Feed>>) {
    this.#inputs = graph.inputs;
    this.#place = { weightBytes: graph.weightBytes, open: (options) => Network.open(graph, options) };
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
    const inputs = { ...this.#common(), ...feeds };
    const shapes = JSON.stringify(Object.values(inputs).map(({ shape }) => shape));
    return await this.#memory.use(this.#place, this.#lastMs.get(shapes), async (network) => {
      this.#warnings = network.warnings;
      const before = network.runMs;
      try {
        return await network.run(inputs, outputs);
      } finally {
        const milliseconds = network.runMs - before;
        this.#runMs += milliseconds;
        this.#lastMs.set(shapes, milliseconds);
      }
    });
  }

  async release(): Promise<void> {
    await this.#memory.close(this.#place);
  }

  #common(): Record<string, Feed> {
    return Object.fromEntries(
      Object.entries(this.#commonInputs).filter(([name]) =>
        this.#inputs.some((input) => input.name === name),
      ),
    );
  }
}
