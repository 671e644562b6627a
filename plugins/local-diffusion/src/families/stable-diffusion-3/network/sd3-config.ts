import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { invalidFiles } from '../../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../../../networks/config.js';

export interface Sd3Config {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly layers: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly width: number;
  readonly textWidth: number;
  readonly pooledWidth: number;
  /** Tokens along an edge of the table of positions. */
  readonly tableEdge: number;
  /** Blocks in which the image also attends to itself alone. */
  readonly dualLayers: readonly number[];
  /** Whether queries and keys are normed. */
  readonly normsHeads: boolean;
}

/** Latents along the edge of a token. */
export const patchEdge = 2;

/** Keys and defaults of `SD3Transformer2DModel.__init__`. */
export const sd3Schema = z.looseObject({
  patch_size: only(patchEdge),
  in_channels: count.default(16),
  out_channels: count.default(16),
  num_layers: count.default(18),
  attention_head_dim: count.default(64),
  num_attention_heads: count.default(18),
  joint_attention_dim: count.default(4096),
  caption_projection_dim: count.default(1152),
  pooled_projection_dim: count.default(2048),
  pos_embed_max_size: count.default(96),
  dual_attention_layers: z.array(z.int().min(0)).default([]),
  qk_norm: z.literal('rms_norm').nullish(),
});

/**
 * Reads the config of an `SD3Transformer2DModel` (diffusers models/transformers/transformer_sd3.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readSd3Config(component: Component): Sd3Config {
  const json = parseConfig(component, sd3Schema);
  const width = json.attention_head_dim * json.num_attention_heads;
  if (json.caption_projection_dim !== width) {
    throw invalidFiles(
      `${component.configFile}: "caption_projection_dim" is ${json.caption_projection_dim}; text and image meet at a width of ${width}.`,
    );
  }
  return {
    inputChannels: json.in_channels,
    outputChannels: json.out_channels,
    layers: json.num_layers,
    heads: json.num_attention_heads,
    headWidth: json.attention_head_dim,
    width,
    textWidth: json.joint_attention_dim,
    pooledWidth: json.pooled_projection_dim,
    tableEdge: json.pos_embed_max_size,
    dualLayers: json.dual_attention_layers,
    normsHeads: json.qk_norm === 'rms_norm',
  };
}
