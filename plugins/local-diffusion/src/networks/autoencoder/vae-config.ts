import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../config.js';

export interface VaeConfig {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly latentChannels: number;
  /** Channels by level, from the picture to the latents. */
  readonly channels: readonly number[];
  /** The same of the decoder, which may be a smaller one. */
  readonly decoderChannels: readonly number[];
  /** Residual blocks a level of the encoder; the decoder's have one more. */
  readonly layers: number;
  readonly groups: number;
  readonly hasQuantConvolution: boolean;
  readonly hasPostQuantConvolution: boolean;
  readonly hasAttention: boolean;
  /**
   * The UNet's latents are (encoded - mean) * scaling / deviation, mean and deviation being those of a
   * channel.
   */
  readonly scaling: number;
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Pixels a latent, along an edge. */
  readonly factor: number;
}

/** Keys and defaults of `AutoencoderKL.__init__`. */
const schema = z.looseObject({
  in_channels: count.default(3),
  out_channels: count.default(3),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')),
  up_block_types: z.array(z.literal('UpDecoderBlock2D')),
  block_out_channels: z.array(count).min(1),
  decoder_block_out_channels: z.array(count).min(1).nullish(),
  layers_per_block: count.default(1),
  act_fn: only('silu', 'swish'),
  latent_channels: count.default(4),
  norm_num_groups: count.default(32),
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullable().default(null),
  latents_mean: z.array(z.number()).nullable().default(null),
  latents_std: z.array(z.number().positive()).nullable().default(null),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  mid_block_add_attention: z.boolean().default(true),
});

/**
 * Reads the config of an `AutoencoderKL` (diffusers models/autoencoders/autoencoder_kl.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readVaeConfig(component: Component): VaeConfig {
  const json = parseConfig(component, schema);
  const channels = json.block_out_channels;
  const decoderChannels = json.decoder_block_out_channels ?? channels;
  const levels = { ...json, decoder_block_out_channels: decoderChannels };
  for (const key of ['down_block_types', 'up_block_types', 'decoder_block_out_channels'] as const) {
    if (levels[key].length !== channels.length) {
      throw invalidFiles(
        `${component.configFile}: "${key}" has ${levels[key].length} entries for ${channels.length} levels.`,
      );
    }
  }
  if ([...channels, ...decoderChannels].some((each) => each % json.norm_num_groups !== 0)) {
    throw invalidFiles(
      `${component.configFile}: "norm_num_groups" is ${json.norm_num_groups}, which does not divide all of the channels ${channels}.`,
    );
  }
  for (const key of ['latents_mean', 'latents_std'] as const) {
    if (json[key] && json[key].length !== json.latent_channels) {
      throw invalidFiles(
        `${component.configFile}: "${key}" has ${json[key].length} entries for ${json.latent_channels} channels.`,
      );
    }
  }
  const channelsOf = (value: number) => new Array<number>(json.latent_channels).fill(value);
  return {
    inputChannels: json.in_channels,
    outputChannels: json.out_channels,
    latentChannels: json.latent_channels,
    channels,
    decoderChannels,
    layers: json.layers_per_block,
    groups: json.norm_num_groups,
    hasQuantConvolution: json.use_quant_conv,
    hasPostQuantConvolution: json.use_post_quant_conv,
    hasAttention: json.mid_block_add_attention,
    scaling: json.scaling_factor,
    means: json.latents_mean ?? channelsOf(json.shift_factor ?? 0),
    deviations: json.latents_std ?? channelsOf(1),
    factor: 2 ** (channels.length - 1),
  };
}
