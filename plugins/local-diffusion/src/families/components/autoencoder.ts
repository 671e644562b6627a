import type { Component } from '../../checkpoint/component.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../../networks/autoencoder/vae.js';
import { readVaeConfig } from '../../networks/autoencoder/vae-config.js';
import type { DiffusionModel } from '../../pipelines/diffusion-model.js';
import { readPosterior } from '../../pipelines/posterior.js';
import { decoderPixelBytes, encoderPixelBytes, runBySize } from '../../pipelines/tiling.js';
import type { NetworkGroup } from '../../session/network-group.js';
import type { StoredNetwork } from '../../session/stored-network.js';

/** The part of a model that its autoencoder is. */
export type Autoencoder = Pick<DiffusionModel, 'latentChannels' | 'factor' | 'encode' | 'decode'>;

/**
 * Adds an autoencoder to a model's networks. The encoder is looked at when the first picture is encoded: text to image never needs it.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it; `encode` likewise
 */
export function addAutoencoder(component: Component, networks: NetworkGroup): Autoencoder {
  const config = readVaeConfig(component);
  const { latentChannels, factor } = config;
  const decoder = networks.add(vaeDecoderGraph(component));
  let encoder: StoredNetwork | undefined;
  return {
    latentChannels,
    factor,
    async encode(planes, shape) {
      encoder ??= networks.add(vaeEncoderGraph(component));
      const network = encoder;
      const tiled = {
        input: { channels: 3, scale: factor },
        output: { channels: 2 * latentChannels, scale: 1 },
        pixelBytes: encoderPixelBytes,
        run: async (data: Float32Array, tileShape: readonly number[]) =>
          (await network.run({ sample: { data, shape: tileShape } }, ['latent_parameters']))
            .latent_parameters,
      };
      return readPosterior(await runBySize(planes, shape, tiled, networks.memoryBytes), config);
    },
    async decode(latents, shape) {
      const scaled = latents.map((value) => value / config.scaling + config.shift);
      const tiled = {
        input: { channels: latentChannels, scale: 1 },
        output: { channels: 3, scale: factor },
        pixelBytes: decoderPixelBytes,
        run: async (data: Float32Array, tileShape: readonly number[]) =>
          (await decoder.run({ latent_sample: { data, shape: tileShape } }, ['sample'])).sample,
      };
      return await runBySize(scaled, shape, tiled, networks.memoryBytes);
    },
  };
}
