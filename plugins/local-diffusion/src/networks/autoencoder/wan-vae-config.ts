import { z } from 'zod';
import type { Component } from '../../checkpoint/component.js';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { count, only, parseConfig } from '../config.js';

export interface WanVaeConfig {
  readonly latentChannels: number;
  /** Channels by level, from the image to the latents. */
  readonly channels: readonly number[];
  /** Residual blocks a level of the encoder; the decoder's have one more. */
  readonly layers: number;
  /** Of each channel of the latents: the denoising network's are (encoded - mean) / deviation. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Pixels a latent, along an edge. */
  readonly factor: number;
}

/** Those of the published autoencoder. */
const publishedMeans = [
  ...[-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508],
  ...[0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921],
];
const publishedDeviations = [
  ...[2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743],
  ...[3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.916],
];

/** Keys and defaults of `AutoencoderKLQwenImage.__init__`. */
const schema = z.looseObject({
  base_dim: count.default(96),
  z_dim: count.default(16),
  dim_mult: z.array(count).min(1).max(8).default([1, 2, 4, 4]),
  num_res_blocks: count.default(2),
  attn_scales: z.array(z.number()).max(0).default([]),
  input_channels: only(3),
  latents_mean: z.array(z.number()).default(publishedMeans),
  latents_std: z.array(z.number().positive()).default(publishedDeviations),
});

/**
 * Reads the config of an `AutoencoderKLQwenImage` (diffusers
 * models/autoencoders/autoencoder_kl_qwenimage.py).
 *
 * @throws ERR_MODEL_FILES_INVALID naming the key and value that this engine does not support
 */
export function readWanVaeConfig(component: Component): WanVaeConfig {
  const json = parseConfig(component, schema);
  for (const key of ['latents_mean', 'latents_std'] as const) {
    if (json[key].length !== json.z_dim) {
      throw invalidFiles(
        `${component.configFile}: "${key}" has ${json[key].length} entries for ${json.z_dim} channels.`,
      );
    }
  }
  return {
    latentChannels: json.z_dim,
    channels: json.dim_mult.map((times) => times * json.base_dim),
    layers: json.num_res_blocks,
    means: json.latents_mean,
    deviations: json.latents_std,
    factor: 2 ** (json.dim_mult.length - 1),
  };
}
