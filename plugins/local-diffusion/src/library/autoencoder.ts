import type { Component } from '../checkpoint/component.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/vae.js';
import { readVaeConfig } from '../networks/vae-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { readPosterior } from '../pipelines/posterior.js';
import type { NetworkGroup } from '../runtime/network-group.js';

/** The part of a model that its autoencoder is. */
export type Autoencoder = Pick<DiffusionModel, 'latentChannels' | 'factor' | 'encode' | 'decode'>;

/**
 * Opens the decoder of an autoencoder. The encoder is opened when the first picture is encoded: text to image never needs it.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it; `encode` likewise
 */
export async function openAutoencoder(component: Component, networks: NetworkGroup): Promise<Autoencoder> {
  const config = readVaeConfig(component);
  const decoder = await networks.open(vaeDecoderGraph(component));
  const encoder = networks.lazy(() => vaeEncoderGraph(component));
  return {
    latentChannels: config.latentChannels,
    factor: config.factor,
    async encode(planes, shape) {
      const sample = { data: planes, shape };
      const { latent_parameters } = await (await encoder()).run({ sample }, ['latent_parameters']);
      return readPosterior(latent_parameters, config);
    },
    async decode(latents, shape) {
      const data = latents.map((value) => value / config.scaling + config.shift);
      return (await decoder.run({ latent_sample: { data, shape } }, ['sample'])).sample;
    },
  };
}
