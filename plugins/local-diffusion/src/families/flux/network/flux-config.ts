import { z } from 'zod';
import type { Component } from '../../../checkpoint/component.js';
import { invalidFiles } from '../../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../../../networks/config.js';
import type { FluxBodySizes } from './flux-body.js';

export interface FluxConfig extends FluxBodySizes {
  readonly pooledWidth: number;
  /** Whether it is told a guidance scale. */
  readonly readsGuidance: boolean;
}

/** Keys and defaults that all networks with FLUX's blocks have. */
export const fluxBodyKeys = {
  patch_size: only(1),
  in_channels: count.default(64),
  out_channels: count.nullish(),
  num_layers: count.default(19),
  num_single_layers: count.default(38),
  attention_head_dim: count.default(128),
  num_attention_heads: count.default(24),
  joint_attention_dim: count.default(4096),
  axes_dims_rope: z.array(count.multipleOf(2)).length(3).default([16, 56, 56]),
};
const bodySchema = z.object(fluxBodyKeys);

/** @throws ERR_MODEL_FILES_INVALID where the axes do not add up to a head */
export function fluxBodySizes(component: Component, json: z.output<typeof bodySchema>): FluxBodySizes {
  const { attention_head_dim: headWidth, axes_dims_rope: rotaryWidths } = json;
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
    heads: json.num_attention_heads,
    headWidth,
    width: headWidth * json.num_attention_heads,
    textWidth: json.joint_attention_dim,
    rotaryWidths,
  };
}

/** Keys and defaults of `FluxTransformer2DModel.__init__`. */
export const fluxSchema = z.looseObject({
  ...fluxBodyKeys,
  pooled_projection_dim: count.default(768),
  guidance_embeds: z.boolean().default(false),
});

/**
 * Reads the config of a `FluxTransformer2DModel` (diffusers models/transformers/transformer_flux.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readFluxConfig(component: Component): FluxConfig {
  return fluxConfigOf(component, parseConfig(component, fluxSchema));
}

/** @throws ERR_MODEL_FILES_INVALID where the axes do not add up to a head */
export function fluxConfigOf(component: Component, json: z.output<typeof fluxSchema>): FluxConfig {
  return {
    ...fluxBodySizes(component, json),
    pooledWidth: json.pooled_projection_dim,
    readsGuidance: json.guidance_embeds,
  };
}
