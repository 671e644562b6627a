import { convolution, upsampleLike } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';
import { resnetBlock, type TimeEmbedding } from '../resnet.js';
import { type Context, transformer2d } from './transformer-2d.js';
import type { UnetAttention, UnetConfig, UnetLevel } from './unet-config.js';

/** A picture's features and how many channels they have. */
export interface Features {
  readonly value: Value;
  readonly channels: number;
}

/** What every block of one UNet shares. */
export interface UnetScope {
  readonly graph: GraphBuilder;
  readonly config: UnetConfig;
  readonly time: TimeEmbedding;
  /** The prompt's tokens, [batch * tokens, width]. */
  readonly contextTokens: Value;
}

/**
 * One level on the way down; every result is pushed on `skips`.
 * Source: diffusers `DownBlock2D`, `CrossAttnDownBlock2D` (models/unets/unet_2d_blocks.py).
 */
export function downBlock(
  scope: UnetScope,
  input: Features,
  path: string,
  level: UnetLevel,
  { downsample, skips }: { readonly downsample: boolean; readonly skips: Features[] },
): Features {
  const { graph } = scope;
  const { channels } = level;
  let hidden = input;
  for (let layer = 0; layer < level.layers; layer += 1) {
    hidden = resnetThenAttention(scope, hidden, path, layer, level);
    skips.push(hidden);
  }
  if (downsample) {
    const value = convolution(graph, hidden.value, `${path}.downsamplers.0.conv`, {
      inputs: channels,
      outputs: channels,
      kernel: 3,
      stride: 2,
    });
    hidden = { value, channels };
    skips.push(hidden);
  }
  return hidden;
}

/** Source: diffusers `UNetMidBlock2DCrossAttn` (models/unets/unet_2d_blocks.py), one layer. */
export function middleBlock(scope: UnetScope, input: Features): Features {
  const { channels } = input;
  let hidden = resnet(scope, input, 'mid_block.resnets.0', channels);
  hidden = attend(scope, hidden, 'mid_block.attentions.0', scope.config.middle);
  return resnet(scope, hidden, 'mid_block.resnets.1', channels);
}

/**
 * One level on the way up; each layer takes the latest of `skips`. The upsampler makes the size of the next
 * level's skips, so that sizes that do not halve evenly work.
 * Source: diffusers `UpBlock2D`, `CrossAttnUpBlock2D` (models/unets/unet_2d_blocks.py).
 */
export function upBlock(
  scope: UnetScope,
  input: Features,
  path: string,
  level: UnetLevel,
  { upsample, skips }: { readonly upsample: boolean; readonly skips: Features[] },
): Features {
  const { graph } = scope;
  const { channels } = level;
  let hidden = input;
  for (let layer = 0; layer < level.layers; layer += 1) {
    const skip = skips.pop()!;
    const value = graph.node('Concat', [hidden.value, skip.value], { axis: 1 });
    const both = { value, channels: hidden.channels + skip.channels };
    hidden = resnetThenAttention(scope, both, path, layer, level);
  }
  if (!upsample) return hidden;
  const larger = upsampleLike(graph, hidden.value, skips.at(-1)!.value);
  const shape = { inputs: channels, outputs: channels, kernel: 3 };
  return { value: convolution(graph, larger, `${path}.upsamplers.0.conv`, shape), channels };
}

function resnetThenAttention(
  scope: UnetScope,
  input: Features,
  path: string,
  layer: number,
  level: UnetLevel,
): Features {
  const hidden = resnet(scope, input, `${path}.resnets.${layer}`, level.channels);
  return level.attention ? attend(scope, hidden, `${path}.attentions.${layer}`, level.attention) : hidden;
}

function resnet(scope: UnetScope, input: Features, path: string, outputs: number): Features {
  const { graph, config, time } = scope;
  const { groups, epsilon } = config;
  const shape = { inputs: input.channels, outputs, groups, epsilon };
  return { value: resnetBlock(graph, input.value, path, shape, time), channels: outputs };
}

function attend(scope: UnetScope, input: Features, path: string, shape: UnetAttention): Features {
  const { graph, config, contextTokens } = scope;
  const { channels } = input;
  const context: Context = { tokens: contextTokens, width: config.contextWidth };
  const value = transformer2d(
    graph,
    input.value,
    path,
    { ...shape, channels, groups: config.groups },
    context,
  );
  return { value, channels };
}
