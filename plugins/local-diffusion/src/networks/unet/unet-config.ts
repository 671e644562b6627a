import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, countPerLevel, only, parseConfig } from '../config.js';

/** One resolution of the UNet, in the order that data pass it. */
export interface UnetLevel {
  readonly channels: number;
  /** Residual blocks; on the way up there is one more than on the way down. */
  readonly layers: number;
  /** Absent means that the level has no attention. */
  readonly attention?: UnetAttention;
}

export interface UnetAttention {
  readonly heads: number;
  readonly layers: number;
}

export interface UnetConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Channels of the prompt's tokens. */
  readonly contextWidth: number;
  /** Pixels of the first and the last convolution's kernel. */
  readonly inputKernel: number;
  readonly outputKernel: number;
  readonly downLevels: readonly UnetLevel[];
  readonly upLevels: readonly UnetLevel[];
  readonly middle: UnetAttention & { readonly outputScale: number };
  readonly downsamplePadding: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly centerInput: boolean;
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
  readonly timeWidth: number;
  /**
   * Width of the guidance embedding `timestep_cond`; absent means that the model takes none (all but LCM).
   */
  readonly guidanceEmbeddingSize?: number;
  /** SDXL's pooled text and size embeddings; absent means that the model takes none. */
  readonly textTime?: { readonly sinusoidSize: number; readonly inputSize: number };
}

/**
 * Keys and defaults of `UNet2DConditionModel.__init__`, without those that change nothing at inference in
 * float32.
 */
const schema = z.looseObject({
  in_channels: count.default(4),
  out_channels: count.default(4),
  center_input_sample: z.boolean().default(false),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z.array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D'])).min(1),
  mid_block_type: only('UNetMidBlock2DCrossAttn'),
  up_block_types: z.array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D'])).min(1),
  only_cross_attention: z.union([z.literal(false), z.array(z.literal(false))]).default(false),
  block_out_channels: z.array(count).min(1),
  layers_per_block: countPerLevel.default(2),
  downsample_padding: z.int().nonnegative().default(1),
  mid_block_scale_factor: z.number().positive().default(1),
  act_fn: only('silu', 'swish'),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  cross_attention_dim: countPerLevel.default(1280),
  transformer_layers_per_block: countPerLevel.default(1),
  reverse_transformer_layers_per_block: z.array(count).nullable().default(null),
  encoder_hid_dim: only(null),
  encoder_hid_dim_type: only(null),
  attention_head_dim: countPerLevel.default(8),
  num_attention_heads: only(null),
  dual_cross_attention: only(false),
  class_embed_type: only(null),
  num_class_embeds: only(null),
  addition_embed_type: only(null, 'text_time'),
  addition_time_embed_dim: count.nullable().default(null),
  projection_class_embeddings_input_dim: count.nullable().default(null),
  resnet_time_scale_shift: only('default'),
  resnet_skip_time_act: only(false),
  resnet_out_scale_factor: only(1),
  time_embedding_type: only('positional'),
  time_embedding_dim: count.nullable().default(null),
  time_embedding_act_fn: only(null),
  timestep_post_act: only(null),
  time_cond_proj_dim: count.nullable().default(null),
  conv_in_kernel: count.default(3),
  conv_out_kernel: count.default(3),
  attention_type: only('default'),
  mid_block_only_cross_attention: only(null, false),
  cross_attention_norm: only(null),
});
type Json = z.output<typeof schema>;

/**
 * Reads the config of a `UNet2DConditionModel` (diffusers models/unets/unet_2d_condition.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readUnetConfig(component: Component): UnetConfig {
  const json = parseConfig(component, schema);
  const reject = (key: keyof Json, why: string): never => {
    throw invalidFiles(`${component.configFile}: "${key}" is ${JSON.stringify(json[key])}: ${why}.`);
  };
  return {
    inputChannels: json.in_channels,
    outputChannels: json.out_channels,
    inputKernel: json.conv_in_kernel,
    outputKernel: json.conv_out_kernel,
    ...readLevels(json, reject),
    downsamplePadding: json.downsample_padding,
    groups: json.norm_num_groups,
    epsilon: json.norm_eps,
    centerInput: json.center_input_sample,
    cosineFirst: json.flip_sin_to_cos,
    frequencyShift: json.freq_shift,
    timeWidth: json.time_embedding_dim ?? json.block_out_channels[0]! * 4,
    ...(json.time_cond_proj_dim !== null && { guidanceEmbeddingSize: json.time_cond_proj_dim }),
    ...(json.addition_embed_type === 'text_time' && {
      textTime: {
        sinusoidSize: json.addition_time_embed_dim ?? reject('addition_time_embed_dim', 'text_time needs it'),
        inputSize:
          json.projection_class_embeddings_input_dim ??
          reject('projection_class_embeddings_input_dim', 'text_time needs it'),
      },
    }),
  };
}

function readLevels(json: Json, reject: (key: keyof Json, why: string) => never) {
  const channels = json.block_out_channels;
  const last = channels.length - 1;
  /** One number a level, whichever way the config gives it. */
  const perLevel = (key: keyof Json): number[] => {
    const value = json[key] as number | number[];
    const list = typeof value === 'number' ? channels.map(() => value) : value;
    return list.length === channels.length ? list : reject(key, `there are ${channels.length} levels`);
  };
  for (const key of ['down_block_types', 'up_block_types'] as const) {
    if (json[key].length !== channels.length) reject(key, `there are ${channels.length} levels`);
  }
  if (channels.some((each) => each % json.norm_num_groups !== 0)) {
    reject('norm_num_groups', `it does not divide all of the channels ${channels}`);
  }
  const contextWidths = perLevel('cross_attention_dim');
  const contextWidth = contextWidths[last]!;
  if (contextWidths.some((width) => width !== contextWidth)) {
    reject('cross_attention_dim', 'all levels must be of one width');
  }

  const layers = perLevel('layers_per_block');
  // Despite its name the key holds the number of heads: a mistake that diffusers has kept.
  const heads = perLevel('attention_head_dim');
  const downDepths = perLevel('transformer_layers_per_block');
  const upDepths = json.reverse_transformer_layers_per_block
    ? perLevel('reverse_transformer_layers_per_block')
    : downDepths.toReversed();
  const attention = (level: number, depth: number): UnetAttention => {
    if (channels[level]! % heads[level]! !== 0) {
      reject('attention_head_dim', `${heads[level]} heads do not divide ${channels[level]} channels`);
    }
    return { heads: heads[level]!, layers: depth };
  };
  return {
    contextWidth,
    downLevels: json.down_block_types.map((type, level) => ({
      channels: channels[level]!,
      layers: layers[level]!,
      ...(type === 'CrossAttnDownBlock2D' && { attention: attention(level, downDepths[level]!) }),
    })),
    middle: { ...attention(last, downDepths[last]!), outputScale: json.mid_block_scale_factor },
    upLevels: json.up_block_types.map((type, step) => ({
      channels: channels[last - step]!,
      layers: layers[last - step]! + 1,
      ...(type === 'CrossAttnUpBlock2D' && { attention: attention(last - step, upDepths[step]!) }),
    })),
  };
}
