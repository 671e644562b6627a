import type { TensorLocation } from '../../../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import { GraphBuilder } from '../../../../plugins/local-diffusion/src/graph/builder.js';
import { runGraph } from '../../run-graph.js';

/** The numbers of a tensor as a network computes with them. */
export const decodeStored = (location: TensorLocation): Promise<Float32Array> =>
  decodeTensor(new Map([['weight', location]]), 'weight', location.shape);

/** The same of one of several, with what lies beside it. */
export async function decodeTensor(
  tensors: ReadonlyMap<string, TensorLocation>,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const builder = new GraphBuilder({ name: 'decode', configFile: 'none', config: {}, tensors });
  builder.output('numbers', builder.mount(name, shape));
  return (await runGraph(builder.finish(), new Map())).get('numbers')!;
}
