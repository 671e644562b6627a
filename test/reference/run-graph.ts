import type { Graph } from '../../plugins/local-diffusion/src/graph/graph.js';
import { Network } from '../../plugins/local-diffusion/src/session/network.js';
import type { TensorValues } from './tensors.js';

/** Opens a graph as the engine does, on one thread, runs it once, and gives all its outputs by name. */
export async function runGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, TensorValues>,
): Promise<Map<string, Float32Array>> {
  const network = await Network.open(graph, { threads: 1 });
  try {
    const feeds = graph.inputs.map(({ name }) => {
      const input = inputs.get(name);
      if (!input) throw new Error(`the case has no input "${name}"`);
      return [name, input] as const;
    });
    const outputs = graph.outputs.map(({ name }) => name);
    return new Map(Object.entries(await network.run(Object.fromEntries(feeds), outputs)));
  } finally {
    await network.release();
  }
}
