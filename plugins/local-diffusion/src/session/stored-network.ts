import type { NetworkCost } from '@easel/plugin-sdk';
import { evaluate, type Sizes } from '../graph/dimension.js';
import { elementsIn, type Graph } from '../graph/graph.js';
import { sizesIn } from '../graph/work-bytes.js';
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
  readonly #plannedBy: () => ((cost: NetworkCost) => void) | undefined;
  /** By the sizes of a run. */
  readonly #costs = new Map<string, NetworkCost>();
  #stages: NetworkStages;
  #earlierMs = 0;
  #hasOverflowed = false;

  /**
   * @param commonInputs given at each run, where the graph has an input of the name
   * @param plannedBy who is told what a run would hold, in place of it. Absent: all are run
   */
  constructor(
    graph: Graph,
    memory: NetworkMemory,
    commonInputs: Readonly<Record<string, Feed>>,
    plannedBy: () => ((cost: NetworkCost) => void) | undefined = () => undefined,
  ) {
    this.#graph = graph;
    this.#memory = memory;
    this.#commonInputs = commonInputs;
    this.#plannedBy = plannedBy;
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
   * @throws ERR_MODEL_FILES_INVALID or ERR_REQUEST_INVALID, naming the network, where what goes in or comes
   * out has NaN or infinity in it
   */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const inputs = { ...this.#common(), ...feeds };
    const tell = this.#plannedBy();
    if (tell) return await this.#plan(inputs, outputs, tell);
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

  /** Fits the stages into the memory, tells what a run would hold, and gives zeros. */
  async #plan<Output extends string>(
    inputs: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
    tell: (cost: NetworkCost) => void,
  ): Promise<Record<Output, Float32Array>> {
    const sizes = sizesIn(this.#graph, (input) => inputs[input]?.shape);
    const key = [...sizes].join();
    const cost = this.#costs.get(key) ?? (await this.#fit(sizes));
    this.#costs.set(key, cost);
    tell(cost);
    const zeros = (name: Output) => {
      const shape = this.#graph.outputs.find((port) => port.name === name)?.shape ?? [];
      return new Float32Array(elementsIn(shape.map((each) => evaluate(each, sizes))));
    };
    return Object.fromEntries(outputs.map((name) => [name, zeros(name)])) as Record<Output, Float32Array>;
  }

  async #fit(sizes: Sizes): Promise<NetworkCost> {
    const { most, work } = this.#stages.heldIn(sizes);
    const { precision } = this.#stages;
    const stagesOf = (bytes: number) => new NetworkStages(this.#graph, this.#memory, precision, bytes);
    const { networkBytes, smallestStageBytes } = this.#memory;
    if (most > networkBytes) {
      const smaller = stagesOf(Math.max(0, networkBytes - work));
      if (smaller.heldIn(sizes).most < most) await this.#replace(smaller);
    }
    return {
      name: this.#graph.name,
      weightBytes: this.#stages.weightBytes,
      stages: this.#stages.count,
      heldBytes: this.#stages.heldIn(sizes).most,
      leastBytes: stagesOf(smallestStageBytes).heldIn(sizes).most,
    };
  }

  async #replace(stages: NetworkStages): Promise<void> {
    await this.#stages.close();
    this.#earlierMs += this.#stages.runMs;
    this.#stages = stages;
    this.#costs.clear();
  }

  async #reopenInFloat32(): Promise<void> {
    await this.#replace(new NetworkStages(this.#graph, this.#memory, 'float32'));
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
