import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { count, only, parseConfig } from '../config.js';
import { readUnetConfig, type UnetConfig } from '../unet/unet-config.js';

/** What of a ControlNet tells kinds of images apart, and fuses several of them. */
export interface UnionConfig {
  readonly kinds: number;
  readonly channels: number;
  /** Of what comes out of it: those of the first level. */
  readonly outputs: number;
  readonly heads: number;
  readonly layers: number;
  /** Sinusoids for each kind. */
  readonly sinusoidSize: number;
}

export interface ControlNetConfig {
  /** Of the blocks, which are those of a UNet's way down. */
  readonly unet: UnetConfig;
  readonly imageChannels: number;
  /** Of the convolutions that the image goes through, which halve it between two of these numbers. */
  readonly embeddingChannels: readonly number[];
  /** The network reads blue, green and red. */
  readonly isBlueFirst: boolean;
  /** Only the mean of each channel is added, as for shuffled images. */
  readonly poolsResults: boolean;
  /** Absent: it is for one kind of image. */
  readonly union?: UnionConfig;
}

/** Keys and defaults of `ControlNetModel.__init__` that a UNet does not have. */
const schema = z.looseObject({
  _class_name: z.string().optional(),
  conditioning_channels: count.default(3),
  conditioning_embedding_out_channels: z.array(count).min(2).default([16, 32, 96, 256]),
  controlnet_conditioning_channel_order: only('rgb', 'bgr'),
  global_pool_conditions: z.boolean().default(false),
  down_block_types: z.array(z.string()).min(1),
});

/** Those of `ControlNetUnionModel.__init__` besides. */
const unionSchema = z.looseObject({
  addition_time_embed_dim: count,
  conditioning_embedding_out_channels: z.array(count).min(2).default([48, 96, 192, 384]),
  num_control_type: count.max(1000).default(6),
  num_trans_channel: count.default(320),
  num_proj_channel: count.default(320),
  num_trans_head: count.default(8),
  num_trans_layer: count.max(100).default(1),
});

const isUnion = (component: Component): boolean =>
  (component.config as { _class_name?: unknown } | null)?._class_name === 'ControlNetUnionModel';

/**
 * Reads the config of a `ControlNetModel` or a `ControlNetUnionModel` (diffusers
 * models/controlnets/controlnet.py and controlnet_union.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readControlNetConfig(component: Component): ControlNetConfig {
  const json = parseConfig(component, schema);
  // It has no way up: that of a UNet with its levels is told, and nobody reads it.
  const levels = { up_block_types: json.down_block_types.map(() => 'UpBlock2D') };
  const unet = readUnetConfig({ ...component, config: { ...json, ...levels } });
  const union = isUnion(component) ? parseConfig(component, unionSchema) : undefined;
  return {
    unet,
    imageChannels: json.conditioning_channels,
    embeddingChannels: (union ?? json).conditioning_embedding_out_channels,
    isBlueFirst: json.controlnet_conditioning_channel_order === 'bgr',
    poolsResults: json.global_pool_conditions,
    ...(union && {
      union: {
        kinds: union.num_control_type,
        channels: union.num_trans_channel,
        outputs: union.num_proj_channel,
        heads: union.num_trans_head,
        layers: union.num_trans_layer,
        sinusoidSize: union.addition_time_embed_dim,
      },
    }),
  };
}
