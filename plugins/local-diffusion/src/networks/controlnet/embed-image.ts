import { convolution, silu } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import type { ControlNetConfig } from './controlnet-config.js';

const path = 'controlnet_cond_embedding';

/**
 * An image to follow at the size of the latents: [batch, channels, 8 * height, 8 * width] to [batch, channels
 * of the first level, height, width]. diffusers: `ControlNetConditioningEmbedding`.
 */
export function embedImage(
  graph: GraphBuilder,
  image: Value,
  { imageChannels, embeddingChannels, isBlueFirst, unet }: ControlNetConfig,
): Value {
  const ordered = isBlueFirst ? graph.node('Gather', [image, graph.integers([2, 1, 0])], { axis: 1 }) : image;
  const first = { inputs: imageChannels, outputs: embeddingChannels[0]!, kernel: 3 };
  let hidden = silu(graph, convolution(graph, ordered, `${path}.conv_in`, first));
  for (const [index, outputs] of embeddingChannels.slice(1).entries()) {
    const inputs = embeddingChannels[index]!;
    const kept = { inputs, outputs: inputs, kernel: 3 };
    hidden = silu(graph, convolution(graph, hidden, `${path}.blocks.${2 * index}`, kept));
    const halved = { inputs, outputs, kernel: 3, stride: 2 };
    hidden = silu(graph, convolution(graph, hidden, `${path}.blocks.${2 * index + 1}`, halved));
  }
  const last = { inputs: embeddingChannels.at(-1)!, outputs: unet.downLevels[0]!.channels, kernel: 3 };
  return convolution(graph, hidden, `${path}.conv_out`, last);
}
