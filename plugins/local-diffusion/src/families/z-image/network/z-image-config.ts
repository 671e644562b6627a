import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { invalidFiles } from '../../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../../../networks/config.js';

export interface ZImageConfig {
  /** Of the latents. */
  readonly channels: number;
  readonly width: number;
  readonly blocks: number;
  /** Blocks that text and image go through apart, before the others. */
  readonly refiners: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly textWidth: number;
  /** Numbers of a head that each axis of the positions turns: text and image, row, column. */
  readonly rotaryWidths: readonly number[];
  readonly rotaryBase: number;
  readonly epsilon: number;
  /** What times, 0 to 1, are multiplied by before they are embedded. */
  readonly timeFactor: number;
}

const positive = z.number().positive();
const one = <const Value extends number>(value: Value) => z.tuple([z.literal(value)]).default([value]);

/** Keys and defaults of `ZImageTransformer2DModel.__init__`. */
const schema = z.looseObject({
  all_patch_size: one(2),
  all_f_patch_size: one(1),
  in_channels: count.default(16),
  dim: count.default(3840),
  n_layers: count.default(30),
  n_refiner_layers: count.default(2),
  n_heads: count.default(30),
  n_kv_heads: count.optional(),
  norm_eps: positive.default(1e-5),
  qk_norm: only(true),
  cap_feat_dim: count.default(2560),
  rope_theta: positive.default(256),
  t_scale: positive.default(1000),
  axes_dims: z.array(count.multipleOf(2)).length(3).default([32, 48, 48]),
  siglip_feat_dim: only(null),
});

/**
 * Reads the config of a `ZImageTransformer2DModel` (diffusers models/transformers/transformer_z_image.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readZImageConfig(component: Component): ZImageConfig {
  const json = parseConfig(component, schema);
  const { dim: width, n_heads: heads, axes_dims: rotaryWidths } = json;
  const headWidth = rotaryWidths.reduce((sum, each) => sum + each, 0);
  if (headWidth * heads !== width) {
    throw invalidFiles(
      `${component.configFile}: "axes_dims" is [${rotaryWidths}], which does not add up to the "dim" of ${width} in ${heads} heads.`,
    );
  }
  if ((json.n_kv_heads ?? heads) !== heads) {
    throw invalidFiles(
      `${component.configFile}: "n_kv_heads" is ${json.n_kv_heads}, and not the "n_heads" of ${heads}, which is not supported.`,
    );
  }
  return {
    channels: json.in_channels,
    width,
    blocks: json.n_layers,
    refiners: json.n_refiner_layers,
    heads,
    headWidth,
    textWidth: json.cap_feat_dim,
    rotaryWidths,
    rotaryBase: json.rope_theta,
    epsilon: json.norm_eps,
    timeFactor: json.t_scale,
  };
}
