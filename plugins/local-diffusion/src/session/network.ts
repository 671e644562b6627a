import type { Graph } from '../graph/graph.js';
import { heldWeights } from '../graph/passes/held-weights.js';
import type { Precision } from '../graph/passes/precision.js';
import { writeFor } from '../graph/passes/write-for.js';
import { type Execution, onProcessor } from './execution-choice.js';
import { providerOptions } from './execution-devices.js';
import type { ExecutionProvider } from './execution-providers.js';
import { createSession, encodeForSession, unfoldedOptions } from './graph-session.js';
import type { NetworkOptions } from './network-options.js';
import { type InferenceSession, type SessionOptions, Tensor } from './onnx-runtime.js';
import { withQuantisedWeights } from './quantised-weights.js';
import { unfusedOptions } from './self-test.js';

/** A float32 or int64 tensor by its flat values. */
export interface Feed {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A graph that ONNX Runtime has opened. Runs block the thread that they are made on. */
export class Network {
  readonly #session: InferenceSession;
  /** What it is computed on. */
  readonly provider: ExecutionProvider;
  /** What was asked for and could not be had. */
  readonly warnings: readonly string[];
  /** What it is computed in. */
  readonly precision: Precision;
  #runMs = 0;

  private constructor(
    session: InferenceSession,
    { provider, precision }: Execution,
    warnings: readonly string[],
  ) {
    this.#session = session;
    this.provider = provider;
    this.precision = precision;
    this.warnings = warnings;
  }

  /**
   * Opens a graph. One that its execution provider cannot open, for want of memory or otherwise, is opened on
   * the processor.
   */
  static async open(graph: Graph, options: NetworkOptions = {}): Promise<Network> {
    const { execution = onProcessor } = options;
    try {
      return new Network(await openSession(graph, execution, options), execution, []);
    } catch (error) {
      if (execution.provider === 'cpu') throw error;
      const session = await openSession(graph, onProcessor, options);
      const reason = error instanceof Error ? error.message : String(error);
      const warning = `a network was opened on the processor, since ${execution.provider} could not: ${reason}`;
      return new Network(session, onProcessor, [warning]);
    }
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#runMs;
  }

  /** Runs it once; resolves with the float32 outputs asked for, by name. */
  async run<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Float32Array>> {
    const results = await this.runWhole(feeds, outputs);
    return Object.fromEntries(outputs.map((name) => [name, results[name].data])) as Record<
      Output,
      Float32Array
    >;
  }

  /** Like {@link run}; outputs are float32 or int64 and keep their shapes, so that they can be fed again. */
  async runWhole<Output extends string>(
    feeds: Readonly<Record<string, Feed>>,
    outputs: readonly Output[],
  ): Promise<Record<Output, Feed>> {
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int64', data, shape),
      ]),
    );
    const startedAt = performance.now();
    const results = await this.#session.run(tensors, outputs);
    this.#runMs += performance.now() - startedAt;
    return Object.fromEntries(
      outputs.map((name) => [name, { data: results[name]!.data, shape: results[name]!.dims }]),
    ) as Record<Output, Feed>;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

async function openSession(
  graph: Graph,
  { provider, decompose, precision }: Execution,
  { threads, prepared, repacked, onRepacked, temporaryFolder }: NetworkOptions,
): Promise<InferenceSession> {
  const written = writeFor(graph, { decompose, precision });
  const options: SessionOptions = {
    ...providerOptions(provider),
    graphOptimizationLevel: 'all',
    // A pattern is one block for all of a run, taken anew beside what the first run has left in the arena: 1
    // GB, and 30 % of the decoder's second run.
    ...(provider === 'cpu' ? { enableMemPattern: false } : {}),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    logSeverityLevel: 3,
    ...(decompose.size === 0 ? {} : { extra: unfusedOptions }),
  };
  if (provider === 'cpu' && precision === 'float32') {
    const graphOfCodes = repacked ? await repacked.repack(written, onRepacked) : written;
    // They open without being prepared: weights stay as they are.
    const held = heldWeights(graphOfCodes);
    if (held.size > 0)
      return await createSession(encodeForSession(graphOfCodes, held), {
        ...options,
        extra: unfoldedOptions,
      });
    if (graphOfCodes !== written) return await createSession(encodeForSession(graphOfCodes), options);
  }
  if (prepared) return await prepared.open({ graph: written, provider, options, temporaryFolder });
  return await withQuantisedWeights(written, { session: options, temporaryFolder }, (each) =>
    createSession(encodeForSession(each), options),
  );
}
