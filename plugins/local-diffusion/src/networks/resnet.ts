import { convolution, groupNorm, linear, silu } from '../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../graph/builder.js';

export interface ResnetShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
  readonly epsilon: number;
}

/** The embedding of the timestep, activated: [batch or 1, width]. */
export interface TimeEmbedding {
  readonly value: Value;
  readonly width: number;
}

/**
 * The residual block of UNet and VAE: [batch, inputs, height, width] to [batch, outputs, height, width].
 * Source: diffusers `ResnetBlock2D` (models/resnet.py), time_embedding_norm "default".
 */
export function resnetBlock(
  graph: GraphBuilder,
  x: Value,
  path: string,
  shape: ResnetShape,
  time?: TimeEmbedding,
): Value {
  const { inputs, outputs, groups, epsilon } = shape;
  let hidden = silu(graph, groupNorm(graph, x, `${path}.norm1`, { channels: inputs, groups, epsilon }));
  hidden = convolution(graph, hidden, `${path}.conv1`, { inputs, outputs, kernel: 3 });
  if (time) {
    const shift = linear(graph, time.value, `${path}.time_emb_proj`, { inputs: time.width, outputs });
    hidden = graph.node('Add', [hidden, graph.node('Unsqueeze', [shift, graph.integers([2, 3])])]);
  }
  hidden = silu(graph, groupNorm(graph, hidden, `${path}.norm2`, { channels: outputs, groups, epsilon }));
  hidden = convolution(graph, hidden, `${path}.conv2`, { inputs: outputs, outputs, kernel: 3 });
  const shortcut =
    inputs === outputs ? x : convolution(graph, x, `${path}.conv_shortcut`, { inputs, outputs, kernel: 1 });
  return graph.node('Add', [shortcut, hidden]);
}
