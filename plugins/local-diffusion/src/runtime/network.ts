import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../graph/builder.js';

/** A float32 or int64 tensor by its flat values. */
export interface Feed {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A graph that ONNX Runtime has opened. Runs block the thread that they are made on. */
export class Network {
  readonly #session: InferenceSession;
  #runMs = 0;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** Opens a graph on the CPU; `threads` absent means one for each physical core. */
  static async open(graph: Graph, threads?: number): Promise<Network> {
    const session = await InferenceSession.create(graph.model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      logSeverityLevel: 3,
      extra: { session: { model_external_initializers_file_folder_path: graph.externalFolder } },
    });
    return new Network(session);
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
    const tensors = Object.fromEntries(
      Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int64', data, shape),
      ]),
    );
    const startedAt = performance.now();
    const results = await this.#session.run(tensors, outputs);
    this.#runMs += performance.now() - startedAt;
    return Object.fromEntries(outputs.map((name) => [name, results[name]?.data])) as Record<
      Output,
      Float32Array
    >;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
