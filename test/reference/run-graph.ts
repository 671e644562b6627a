import type { Graph } from '../../plugins/local-diffusion/src/graph/graph.js';
import { createSession, encodeForSession } from '../../plugins/local-diffusion/src/session/graph-session.js';
import { Tensor } from '../../plugins/local-diffusion/src/session/onnx-runtime.js';
import type { TensorValues } from './tensors.js';

/** Opens a graph on one thread, runs it once, and gives all its outputs by name. */
export async function runGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, TensorValues>,
): Promise<Map<string, Float32Array>> {
  const session = await createSession(encodeForSession(graph), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const feeds = graph.inputs.map(({ name }) => {
      const input = inputs.get(name);
      if (!input) throw new Error(`the case has no input "${name}"`);
      const { data, shape } = input;
      const tensor =
        data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int64', data, shape);
      return [name, tensor] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    return new Map(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await session.release();
  }
}
