import type { Graph } from '../graph/graph.js';
import { countWeights } from '../graph/passes/stored-weights.js';
import { onProcessor } from './execution-choice.js';
import { type Feed, Network } from './network.js';
import type { NetworkMemory, Place } from './network-memory.js';
import type { NetworkOptions } from './network-options.js';

const overflowWarning =
  'a network made numbers that are too large for float16, and is computed in float32 instead';

const areFinite = (values: Float32Array): boolean => values.every(Number.isFinite);

/** A network that is opened when it runs, and closed when its memory is needed for another. */
export class StoredNetwork {
  readonly #memory: NetworkMemory;
  readonly #graph: Graph;
  #place: Place<Network>;
  readonly #commonInputs: Readonly<Record<string, Feed>>;
  /** What the last run of each shape took, by the shapes. */
  readonly #lastMs = new Map<string, number>();
  #runMs = 0;
  #warnings: readonly string[] = [];
  #hasOverflowed = false;

  /** @param commonInputs given at each run, where the graph has an input of the name */
  constructor(graph: Graph, memory: NetworkMemory, commonInputs: Readonly<Record<string, Feed>>) {
    this.#graph = graph;
    this.#place = { weightBytes: countWeights(graph).held, open: (options) => Network.open(graph, options) };
    this.#memory = memory;
    this.#commonInputs = commonInputs;
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#runMs;
  }

  /** What was asked for and could not be had when it was opened last. */
  get warnings(): readonly string[] {
    return this.#hasOverflowed ? [...this.#warnings, overflowWarning] : this.#warnings;
  }

  /**
   * Runs it once; resolves with the float32 outputs asked for, by name. Where numbers are too large for float16 it is opened anew in float32,
   * for good.
   */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const inputs = { ...this.#common(), ...feeds };
    const { results, precision } = await this.#runOnce(inputs, outputs);
    if (precision === 'float32' || Object.values<Float32Array>(results).every(areFinite)) return results;
    await this.#memory.close(this.#place);
    this.#place = this.#inSinglePrecision();
    this.#hasOverflowed = true;
    return (await this.#runOnce(inputs, outputs)).results;
  }

  async #runOnce<Output extends string>(inputs: Readonly<Record<string, Feed>>, outputs: readonly Output[]) {
    const shapes = JSON.stringify(Object.values(inputs).map(({ shape }) => shape));
    return await this.#memory.use(this.#place, this.#lastMs.get(shapes), async (network) => {
      this.#warnings = network.warnings;
      const before = network.runMs;
      try {
        return { results: await network.run(inputs, outputs), precision: network.precision };
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

  #inSinglePrecision(): Place<Network> {
    const open = ({ execution = onProcessor, ...options }: NetworkOptions) =>
      Network.open(this.#graph, { ...options, execution: { ...execution, precision: 'float32' } });
    return { weightBytes: countWeights(this.#graph).held, open };
  }

  #common(): Record<string, Feed> {
    return Object.fromEntries(
      Object.entries(this.#commonInputs).filter(([name]) =>
        this.#graph.inputs.some((input) => input.name === name),
      ),
    );
  }
}
