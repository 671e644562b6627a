import type { Graph } from '../graph/graph.js';
import { areFinite, notFiniteError, requireFiniteFeeds } from './finite-numbers.js';
import type { Feed } from './network.js';
import type { NetworkMemory } from './network-memory.js';
import { NetworkStages } from './network-stages.js';

const overflowWarning =
  'a network made numbers that are too large for float16, and is computed in float32 instead';

const areAllFinite = (outputs: Readonly<Record<string, Float32Array>>): boolean =>
  Object.values(outputs).every(areFinite);

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
   *
   * @throws ERR_MODEL_FILES_INVALID or ERR_REQUEST_INVALID, naming the network, where what goes in or comes out
   * has NaN or infinity in it
   */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const inputs = { ...this.#common(), ...feeds };
    requireFiniteFeeds(this.#graph.name, inputs);
    const results = await this.#stages.run(inputs, outputs);
    if (areAllFinite(results)) return results;
    if (!this.#stages.isInHalf) throw await notFiniteError(this.#graph);
    await this.#reopenInFloat32();
    const whole = await this.#stages.run(inputs, outputs);
    if (areAllFinite(whole)) return whole;
    throw await notFiniteError(this.#graph);
  }

  async release(): Promise<void> {
    await this.#stages.close();
  }

  async #reopenInFloat32(): Promise<void> {
    await this.#stages.close();
    this.#earlierMs += this.#stages.runMs;
    this.#stages = new NetworkStages(this.#graph, this.#memory, 'float32');
    this.#hasOverflowed = true;
  }

  #common(): Record<string, Feed> {
    return Object.fromEntries(
      Object.entries(this.#commonInputs).filter(([name]) =>
        this.#graph.inputs.some((input) => input.name === name),
      ),
    );
  }
}
