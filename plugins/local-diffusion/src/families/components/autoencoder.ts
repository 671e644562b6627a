import type { Component } from '../../checkpoint/component.js';
import { exportedAutoencoder } from '../../exported/exported-autoencoder.js';
import type { Graph } from '../../graph/graph.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../../networks/autoencoder/vae.js';
import { readVaeConfig } from '../../networks/autoencoder/vae-config.js';
import type { Autoencoder } from '../../pipelines/diffusion-model.js';
import type { LatentColours } from '../../pipelines/latents-to-rgb.js';
import { readPosterior } from '../../pipelines/posterior.js';
import { encoderPixelBytes, runBySize } from '../../pipelines/tiling.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ComponentKind, MountSite } from '../component-kind.js';
import { readAutoencoderFile } from './autoencoder-file.js';

/** The latents of a family's published autoencoders. */
export interface LatentFormat {
  /** What latents are multiplied by before the denoising network sees them. */
  readonly scaling: number;
  /** Their colours, for previews. They hold for latents of as many channels and the same scaling. */
  readonly colours: LatentColours;
}

/** An autoencoder and what its latents look like. */
export interface ColouredAutoencoder extends Autoencoder {
  /** Absent: not known. */
  readonly latentColours?: LatentColours;
}

/** diffusers' `AutoencoderKL`. The title of the family is for messages. */
export function autoencoderKind(latents: LatentFormat, title: string): ComponentKind<ColouredAutoencoder> {
  const coloured = ({ scaling, ...own }: Autoencoder & { readonly scaling: number }): ColouredAutoencoder =>
    scaling === latents.scaling && own.latentChannels === latents.colours.factors.length
      ? { ...own, latentColours: latents.colours }
      : own;
  return {
    mount: (component, site) => coloured(mountAutoencoder(component, site)),
    readFile: readAutoencoderFile,
    exported: {
      folders: () => ['vae_decoder', 'vae_encoder'],
      requiredFiles: () => ['vae_decoder/model.onnx'],
      open: async (_name, site) => coloured(await exportedAutoencoder(site, latents.scaling, title)),
    },
  };
}

/**
 * Adds an autoencoder to a model's networks. The encoder is looked at when the first image is encoded: text
 * to image never needs it.
 *
 * @throws ERR_MODEL_FILES_INVALID for a config that is not supported and weights that do not fit it; `encode`
 * likewise
 */
export function mountAutoencoder(
  component: Component,
  site: AutoencoderSite,
): Autoencoder & { readonly scaling: number } {
  const config = readVaeConfig(component);
  const graphs = { encoder: () => vaeEncoderGraph(component), decoder: () => vaeDecoderGraph(component) };
  return { ...mountGraphs(config, graphs, site), scaling: config.scaling };
}

type AutoencoderSite = Pick<MountSite, 'networks' | 'decoders' | 'decoderPixelBytes'>;

/** What an autoencoder's latents are. */
interface AutoencoderSizes {
  readonly latentChannels: number;
  readonly factor: number;
  /** Latents are (encoded - mean) * scaling / deviation, mean and deviation being those of a channel. */
  readonly scaling: number;
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** The same by its graphs, from `sample` to `latent_parameters` and from `latent_sample` to `sample`. */
export function mountGraphs(
  config: AutoencoderSizes,
  graphs: Readonly<Record<'encoder' | 'decoder', () => Graph>>,
  { networks, decoders, decoderPixelBytes }: AutoencoderSite,
): Autoencoder {
  const { latentChannels, factor, scaling, means, deviations } = config;
  const decoder = decoders.add(graphs.decoder());
  let encoder: StoredNetwork | undefined;
  return {
    latentChannels,
    factor,
    async encode(planes, shape) {
      encoder ??= networks.add(graphs.encoder());
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
      const [images = 1] = shape;
      const channelSize = latents.length / images / latentChannels;
      const scaled = latents.map((value, index) => {
        const channel = Math.floor(index / channelSize) % latentChannels;
        return (value * deviations[channel]!) / scaling + means[channel]!;
      });
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
