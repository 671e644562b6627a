import type { Graph } from '../graph/graph.js';
import type { Feed } from './network.js';
import type { NetworkMemory } from './network-memory.js';
import { NetworkStages } from './network-stages.js';

const overflowWarning =
  'a network made numbers that are too large for float16, and is computed in float32 instead';

const areFinite = (values: Float32Array): boolean => values.every(Number.isFinite);

/** A network that is opened when it runs, and closed when its memory is needed for another. */
export class StoredNetwork {
  readonly #memory: NetworkMemory;
  readonly #graph: Graph;
  readonly #commonInputs: Readonly<Record<string, Feed>>;
  #stages: NetworkStages;
  #earlierMs = 0;
  #hasOverflowed = false;

  /** @param commonInputs given at each run, where the graph has an input of the name */
  constructor(graph: Graph, memory: NetworkMemory, commonInputs: Readonly<Record<string, Feed>>) {
    this.#graph = graph;
    this.#memory = memory;
    this.#commonInputs = commonInputs;
    this.#stages = new NetworkStages(graph, memory, memory.precision);
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#earlierMs + this.#stages.runMs;
  }

  /** What was asked for and could not be had when it was opened last. */
  get warnings(): readonly string[] {
    const { warnings } = this.#stages;
    return this.#hasOverflowed ? [...warnings, overflowWarning] : warnings;
  }

  /**
   * Runs it once; resolves with the float32 outputs asked for, by name. Where numbers are too large for
   * float16 it is opened anew in float32, for good.
   */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const inputs = { ...this.#common(), ...feeds };
    const results = await this.#stages.run(inputs, outputs);
    const isWhole = Object.values<Float32Array>(results).every(areFinite);
    if (isWhole || !this.#stages.isInHalf) return results;
    await this.#stages.close();
    this.#earlierMs += this.#stages.runMs;
    this.#stages = new NetworkStages(this.#graph, this.#memory, 'float32');
    this.#hasOverflowed = true;
    return await this.#stages.run(inputs, outputs);
  }

  async release(): Promise<void> {
    await this.#stages.close();
  }

  #common(): Record<string, Feed> {
    return Object.fromEntries(
      Object.entries(this.#commonInputs).filter(([name]) =>
        this.#graph.inputs.some((input) => input.name === name),
      ),
    );
  }
}
