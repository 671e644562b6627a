import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { invalidFiles } from '../../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../../../networks/config.js';

export interface Flux2Config {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Blocks that keep text and image apart but for their attention. */
  readonly doubleBlocks: number;
  /** Blocks that have them in one. */
  readonly singleBlocks: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly width: number;
  /** Of the feed-forward layers. */
  readonly innerWidth: number;
  readonly textWidth: number;
  readonly timeWidth: number;
  /** Numbers of a head that each axis of the positions turns: image, row, column, place in the text. */
  readonly rotaryWidths: readonly number[];
  readonly rotaryBase: number;
  /** Whether it is told a guidance scale. */
  readonly readsGuidance: boolean;
}

const positive = z.number().positive();

/** Keys and defaults of `Flux2Transformer2DModel.__init__`. */
const schema = z.looseObject({
  patch_size: only(1),
  in_channels: count.default(128),
  out_channels: count.nullish(),
  num_layers: count.default(8),
  num_single_layers: count.default(48),
  attention_head_dim: count.default(128),
  num_attention_heads: count.default(48),
  joint_attention_dim: count.default(15_360),
  timestep_guidance_channels: count.multipleOf(2).default(256),
  mlp_ratio: positive.default(3),
  axes_dims_rope: z.array(count.multipleOf(2)).length(4).default([32, 32, 32, 32]),
  rope_theta: positive.default(2000),
  eps: z.literal(1e-6).default(1e-6),
  guidance_embeds: z.boolean().default(true),
});

/**
 * Reads the config of a `Flux2Transformer2DModel` (diffusers models/transformers/transformer_flux2.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readFlux2Config(component: Component): Flux2Config {
  const json = parseConfig(component, schema);
  const { attention_head_dim: headWidth, num_attention_heads: heads, axes_dims_rope: rotaryWidths } = json;
  if (rotaryWidths.reduce((sum, width) => sum + width, 0) !== headWidth) {
    throw invalidFiles(
      `${component.configFile}: "axes_dims_rope" is [${rotaryWidths}], which does not add up to the "attention_head_dim" of ${headWidth}.`,
    );
  }
  return {
    inputChannels: json.in_channels,
    outputChannels: json.out_channels ?? json.in_channels,
    doubleBlocks: json.num_layers,
    singleBlocks: json.num_single_layers,
    heads,
    headWidth,
    width: heads * headWidth,
    innerWidth: Math.trunc(heads * headWidth * json.mlp_ratio),
    textWidth: json.joint_attention_dim,
    timeWidth: json.timestep_guidance_channels,
    rotaryWidths,
    rotaryBase: json.rope_theta,
    readsGuidance: json.guidance_embeds,
  };
}
