import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { invalidFiles } from '../../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../../../networks/config.js';

export interface QwenImageConfig {
  /** Of a token that is read: latents of two by two. */
  readonly inputChannels: number;
  /** Of a token that is made. */
  readonly outputChannels: number;
  readonly blocks: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly width: number;
  readonly textWidth: number;
  /** Numbers of a head that each axis of the positions turns: image, row, column. */
  readonly rotaryWidths: readonly number[];
  /** Whether tokens of images that are changed are told that they have no noise: Edit-2511. */
  readonly tellsSources: boolean;
}

/** Latents of a token: two by two. */
export const latentsPerToken = 4;

/** Keys and defaults of `QwenImageTransformer2DModel.__init__`. */
const schema = z.looseObject({
  patch_size: only(2),
  in_channels: count.default(64),
  out_channels: count.nullable().default(16),
  num_layers: count.default(60),
  attention_head_dim: count.default(128),
  num_attention_heads: count.default(24),
  joint_attention_dim: count.default(3584),
  guidance_embeds: only(false),
  axes_dims_rope: z.array(count.multipleOf(2)).length(3).default([16, 56, 56]),
  zero_cond_t: z.boolean().default(false),
  use_additional_t_cond: only(false),
  use_layer3d_rope: only(false),
});

/**
 * Reads the config of a `QwenImageTransformer2DModel` (diffusers
 * models/transformers/transformer_qwenimage.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readQwenImageConfig(component: Component): QwenImageConfig {
  const json = parseConfig(component, schema);
  const { attention_head_dim: headWidth, num_attention_heads: heads, axes_dims_rope: rotaryWidths } = json;
  if (rotaryWidths.reduce((sum, width) => sum + width, 0) !== headWidth) {
    throw invalidFiles(
      `${component.configFile}: "axes_dims_rope" is [${rotaryWidths}], which does not add up to the "attention_head_dim" of ${headWidth}.`,
    );
  }
  return {
    inputChannels: json.in_channels,
    outputChannels: latentsPerToken * (json.out_channels ?? json.in_channels),
    blocks: json.num_layers,
    heads,
    headWidth,
    width: heads * headWidth,
    textWidth: json.joint_attention_dim,
    rotaryWidths,
    tellsSources: json.zero_cond_t,
  };
}
