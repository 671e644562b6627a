import type { Component } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { GraphBuilder } from '../../../plugins/local-diffusion/src/graph/builder.js';
import { Network } from '../../../plugins/local-diffusion/src/session/network.js';
import { filled } from '../engine/feeds.js';
import { secondsOf } from '../engine/measure.js';

const edge = 2048;
const runs = 6;

/** GFLOP/s of the shortest of some products of two matrices of 2048 by 2048 in float32. */
export async function matrixPeak(): Promise<number> {
  const nothing: Component = { name: 'peak', configFile: 'none', config: {}, tensors: new Map() };
  const graph = new GraphBuilder(nothing);
  const x = graph.input('x', 'float32', [edge, edge]);
  const weights = filled([edge, edge]);
  graph.output('y', graph.node('MatMul', [x, graph.floats(weights.data, weights.shape)]));
  const network = await Network.open(graph.finish());
  const feeds = { x: filled([edge, edge]) };
  let shortestS = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++)
    shortestS = Math.min(shortestS, await secondsOf(() => network.run(feeds, ['y'])));
  await network.release();
  return (2 * edge ** 3) / shortestS / 1e9;
}
