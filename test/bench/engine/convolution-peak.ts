import type { Component } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { GraphBuilder } from '../../../plugins/local-diffusion/src/graph/builder.js';
import { Network } from '../../../plugins/local-diffusion/src/session/network.js';
import { filled } from './feeds.js';
import { secondsOf } from './measure.js';

/** In a row: the first ones still meet the spinning threads of whatever ran before. */
const runsInRow = 8;

export interface ConvolutionPeak {
  /** GFLOP/s of the shortest of all runs so far. */
  readonly best: number;
  /** Runs it some times in a row. */
  run(): Promise<void>;
  release(): Promise<void>;
}

/**
 * 3x3 convolutions of as many channels as the levels of a denoising network have, over a batch of two: what
 * the machine reaches at its best.
 */
export async function openConvolutionPeaks(): Promise<ConvolutionPeak[]> {
  const peaks: ConvolutionPeak[] = [];
  for (const [channels, edge] of [
    [320, 64],
    [640, 32],
    [1280, 16],
  ] as const) {
    const nothing: Component = { name: 'peak', configFile: 'none', config: {}, tensors: new Map() };
    const graph = new GraphBuilder(nothing);
    const shape = [2, channels, edge, edge];
    const x = graph.input('x', 'float32', shape);
    const weights = filled([channels, channels, 3, 3]);
    const attributes = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] };
    graph.output('y', graph.node('Conv', [x, graph.floats(weights.data, weights.shape)], attributes));
    const network = await Network.open(graph.finish());
    const feeds = { x: filled(shape) };
    const gflop = (2 * 2 * channels * channels * 9 * edge * edge) / 1e9;
    let shortestS = Number.POSITIVE_INFINITY;
    peaks.push({
      get best() {
        return gflop / shortestS;
      },
      async run() {
        for (let index = 0; index < runsInRow; index++)
          shortestS = Math.min(shortestS, await secondsOf(() => network.run(feeds, ['y'])));
      },
      release: () => network.release(),
    });
  }
  return peaks;
}
