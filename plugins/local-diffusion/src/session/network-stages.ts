import type { Sizes } from '../graph/dimension.js';
import { bytesComputed, type Graph, type Initializer } from '../graph/graph.js';
import { bytesStored, conversionBytes, heldWeights } from '../graph/passes/held-weights.js';
import { int8Bytes } from '../graph/passes/int8-nodes.js';
import { inPrecision, type Precision } from '../graph/passes/precision.js';
import { cutIntoStages } from '../graph/passes/stages.js';
import { findRepackable, repackedBytes } from '../graph/repacked/matrices.js';
import { sizesIn, workBytes } from '../graph/work-bytes.js';
import { onProcessor } from './execution-choice.js';
import { type Feed, Network } from './network.js';
import type { NetworkMemory, Place } from './network-memory.js';
import type { NetworkOptions } from './network-options.js';

interface Stage {
  readonly graph: Graph;
  /** The graph as it is computed: its values have the bytes that they take. */
  readonly computed: Graph;
  readonly place: Place<Network>;
  /** Bytes that a run takes to convert matrices that are held as they are stored. */
  readonly conversionBytes: number;
  /** By the sizes of a run: what it takes beside the weights in bytes, and what the last one took. */
  readonly runs: Map<string, { readonly workBytes: number; lastMs?: number }>;
}

/**
 * A network as one graph, or where its weights are more than one network may hold, as graphs that run one
 * after the other: each is opened for its part of a run, hands on what the later ones read, and is closed
 * when its memory is needed.
 */
export class NetworkStages {
  readonly #graph: Graph;
  readonly #memory: NetworkMemory;
  readonly #stages: readonly Stage[];
  /** What it is computed in, but for what only the processor could open. */
  readonly precision: Precision;
  #runMs = 0;
  readonly #warnings = new Set<string>();
  #isInHalf = false;

  /**
   * @param precision to compute in, but for what only the processor could open: that is computed in float32
   * @param weightBytes what the weights of a stage may take
   */
  constructor(
    graph: Graph,
    memory: NetworkMemory,
    precision: Precision,
    weightBytes: number = memory.networkBytes,
  ) {
    this.#graph = graph;
    this.#memory = memory;
    this.precision = precision;
    // Cut before the precision is chosen, so that all that is handed on is float32; in float16 twice as much
    // of that fits.
    const limit = Math.max(weightBytes, memory.smallestStageBytes) * (precision === 'float16' ? 2 : 1);
    const repacked = memory.repacks ? findRepackable(graph) : new Map<string, never>();
    const held = memory.holdsStored ? heldWeights(graph) : new Set<string>();
    const bytesOf = (initializer: Initializer) => {
      const matrix = repacked.get(initializer.name);
      if (matrix) return repackedBytes(matrix);
      if (held.has(initializer.name)) return bytesStored(initializer);
      return int8Bytes(graph, initializer) ?? bytesComputed(initializer);
    };
    const isConverted = ({ name }: Initializer) => held.has(name) && !repacked.has(name);
    this.#stages = cutIntoStages(graph, limit, bytesOf).map((stage) => {
      const computed = inPrecision(stage, precision);
      const open = ({ execution = onProcessor, ...options }: NetworkOptions) =>
        Network.open(stage, { ...options, execution: { ...execution, precision } });
      return {
        graph: stage,
        computed,
        place: { weightBytes: computed.initializers.reduce((sum, each) => sum + bytesOf(each), 0), open },
        conversionBytes: conversionBytes(computed.initializers.filter(isConverted)),
        runs: new Map(),
      };
    });
  }

  /** How many graphs it runs as. */
  get count(): number {
    return this.#stages.length;
  }

  /** Bytes that all of its weights take. */
  get weightBytes(): number {
    return this.#stages.reduce((sum, { place }) => sum + place.weightBytes, 0);
  }

  /**
   * The most bytes that it holds at once in a run of such sizes, and what of that a run takes beside the
   * weights.
   */
  heldIn(sizes: Sizes): { readonly most: number; readonly work: number } {
    const works = this.#stages.map((stage) => runOf(stage, sizes).workBytes);
    const held = this.#stages.map(({ place }, index) => place.weightBytes + works[index]!);
    return { most: Math.max(...held), work: Math.max(...works) };
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#runMs;
  }

  /** What was asked for and could not be had. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Whether a part of the last run was computed in float16. */
  get isInHalf(): boolean {
    return this.#isInHalf;
  }

  /** Runs it once; resolves with the float32 outputs asked for, by name. */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const sizes = sizesIn(this.#graph, (input) => feeds[input]?.shape);
    this.#isInHalf = false;
    let held: Record<string, Feed> = { ...feeds };
    for (const [index, stage] of this.#stages.entries()) {
      const later = this.#stages
        .slice(index + 1)
        .flatMap(({ graph }) => graph.inputs.map(({ name }) => name));
      const wanted = new Set<string>([...later, ...outputs]);
      const own = stage.graph.outputs.map(({ name }) => name).filter((name) => wanted.has(name));
      if (own.length === 0) continue;
      const made = await this.#runStage(stage, held, own, sizes);
      // What nobody reads any more is let go before the next one runs.
      held = Object.fromEntries(Object.entries({ ...held, ...made }).filter(([name]) => wanted.has(name)));
    }
    return Object.fromEntries(outputs.map((name) => [name, held[name]?.data])) as Record<
      Output,
      Float32Array
    >;
  }

  async close(): Promise<void> {
    for (const { place } of this.#stages) await this.#memory.close(place);
  }

  async #runStage(
    stage: Stage,
    held: Readonly<Record<string, Feed>>,
    outputs: readonly string[],
    sizes: Sizes,
  ): Promise<Record<string, Feed>> {
    const { graph, place } = stage;
    const names = graph.inputs.map(({ name }) => name).filter((name) => held[name]);
    const feeds = Object.fromEntries(names.map((name) => [name, held[name]!]));
    const run = runOf(stage, sizes);
    const expected = { expectedMs: run.lastMs, workBytes: run.workBytes };
    return await this.#memory.use(place, expected, async (network) => {
      for (const warning of network.warnings) this.#warnings.add(warning);
      this.#isInHalf ||= network.precision === 'float16';
      const before = network.runMs;
      try {
        return await network.runWhole(feeds, outputs);
      } finally {
        const milliseconds = network.runMs - before;
        this.#runMs += milliseconds;
        run.lastMs = milliseconds;
      }
    });
  }
}

/** What is known of the runs of a stage that have such sizes. */
function runOf(
  { computed, conversionBytes: more, runs }: Stage,
  sizes: Sizes,
): { readonly workBytes: number; lastMs?: number } {
  const key = [...sizes].join();
  const run = runs.get(key) ?? { workBytes: workBytes(computed, sizes) + more };
  runs.set(key, run);
  return run;
}
