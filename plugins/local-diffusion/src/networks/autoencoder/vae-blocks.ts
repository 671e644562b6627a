import {
  attention,
  groupNorm,
  imageToTokens,
  joinTokens,
  linear,
  tokensByImage,
  tokensToImage,
} from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import { resnetBlock } from '../resnet.js';
import type { VaeConfig } from './vae-config.js';

/** The autoencoder's norms have this whatever the config says. */
export const vaeEpsilon = 1e-6;

/**
 * Names of the attention's layers: today's, and those of the checkpoints published for Stable Diffusion 1.x.
 */
const attentionNames = {
  current: { query: 'to_q', key: 'to_k', value: 'to_v', output: 'to_out.0' },
  old: { query: 'query', key: 'key', value: 'value', output: 'proj_attn' },
} as const;

/** `layers` residual blocks, the first from `inputs` to `outputs` channels. */
export function resnets(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { inputs, outputs, layers, groups }: { inputs: number; outputs: number; layers: number; groups: number },
): Value {
  let hidden = x;
  for (let layer = 0; layer < layers; layer += 1) {
    const shape = { inputs: layer === 0 ? inputs : outputs, outputs, groups, epsilon: vaeEpsilon };
    hidden = resnetBlock(graph, hidden, `${path}.resnets.${layer}`, shape);
  }
  return hidden;
}

/** Source: diffusers `UNetMidBlock2D` (models/unets/unet_2d_blocks.py), one layer. */
export function vaeMiddle(
  graph: GraphBuilder,
  x: Value,
  path: string,
  config: Pick<VaeConfig, 'groups' | 'hasAttention'> & { readonly width: number },
): Value {
  const { width: channels } = config;
  const shape = { inputs: channels, outputs: channels, groups: config.groups, epsilon: vaeEpsilon };
  let hidden = resnetBlock(graph, x, `${path}.resnets.0`, shape);
  if (config.hasAttention) {
    hidden = pixelAttention(graph, hidden, `${path}.attentions.0`, { channels, groups: config.groups });
  }
  return resnetBlock(graph, hidden, `${path}.resnets.1`, shape);
}

/**
 * Attention of all pixels to each other, in one head.
 * Source: diffusers `Attention` (models/attention_processor.py) with a group norm and a residual connection.
 */
function pixelAttention(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { channels, groups }: { channels: number; groups: number },
): Value {
  const names = attentionNames[graph.has(`${path}.query.weight`) ? 'old' : 'current'];
  const square = { inputs: channels, outputs: channels };
  const normal = groupNorm(graph, x, `${path}.group_norm`, { channels, groups, epsilon: vaeEpsilon });
  const tokens = imageToTokens(graph, normal, channels);
  const project = (name: string) =>
    tokensByImage(graph, linear(graph, tokens, `${path}.${name}`, square), x, channels);
  const seen = attention(graph, {
    query: project(names.query),
    key: project(names.key),
    value: project(names.value),
    heads: 1,
  });
  const rows = joinTokens(graph, seen, channels);
  const result = linear(graph, rows, `${path}.${names.output}`, square);
  return graph.node('Add', [tokensToImage(graph, result, x, channels), x]);
}
