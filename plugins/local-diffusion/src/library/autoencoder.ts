import type { Component } from '../checkpoint/component.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/vae.js';
import { readVaeConfig } from '../networks/vae-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { readPosterior } from '../pipelines/posterior.js';
import type { NetworkGroup } from '../runtime/network-group.js';
import type { StoredNetwork } from '../runtime/stored-network.js';
import { decodeBySize } from './tiled-decoding.js';

/** The part of a model that its autoencoder is. */
export type Autoencoder = Pick<DiffusionModel, 'latentChannels' | 'factor' | 'encode' | 'decode'>;

/**
 * Adds an autoencoder to a model's networks. The encoder is looked at when the first picture is encoded: text to image never needs it.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it; `encode` likewise
 */
export function addAutoencoder(component: Component, networks: NetworkGroup): Autoencoder {
  const config = readVaeConfig(component);
  const decoder = networks.add(vaeDecoderGraph(component));
  let encoder: StoredNetwork | undefined;
  return {
    latentChannels: config.latentChannels,
    factor: config.factor,
    async encode(planes, shape) {
      const sample = { data: planes, shape };
      encoder ??= networks.add(vaeEncoderGraph(component));
      const { latent_parameters } = await encoder.run({ sample }, ['latent_parameters']);
      return readPosterior(latent_parameters, config);
    },
    async decode(latents, shape) {
      const scaled = latents.map((value) => value / config.scaling + config.shift);
      const decode = async (data: Float32Array, dataShape: readonly number[]) =>
        (await decoder.run({ latent_sample: { data, shape: dataShape } }, ['sample'])).sample;
      return await decodeBySize(scaled, shape, config.factor, decode);
    },
  };
}
