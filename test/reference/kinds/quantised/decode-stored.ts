import type { TensorLocation } from '../../../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import { GraphBuilder } from '../../../../plugins/local-diffusion/src/graph/builder.js';
import { runGraph } from '../../run-graph.js';

/** The numbers of a tensor as a network computes with them. */
export async function decodeStored(location: TensorLocation): Promise<Float32Array> {
  const builder = new GraphBuilder({
    ...{ name: 'decode', configFile: 'none', config: {} },
    tensors: new Map([['weight', location]]),
  });
  builder.output('numbers', builder.mount('weight', location.shape));
  return (await runGraph(builder.finish(), new Map())).get('numbers')!;
}
