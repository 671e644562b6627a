import { EaselError } from '@easel/plugin-sdk';
import type { Autoencoder } from '../families/components/autoencoder.js';
import { type Posterior, readPosterior } from '../pipelines/posterior.js';
import { decoderPixelBytes, runBySize } from '../pipelines/tiling.js';
import type { ExportedVaeConfig } from './exported-config.js';
import type { ExportedNetwork } from './exported-network.js';

/**
 * @param encoder absent where the folder has none: input images are refused then
 * @param memoryBytes of the budget for networks
 */
export function exportedAutoencoder(
  folder: string,
  config: ExportedVaeConfig,
  decoder: ExportedNetwork,
  encoder: ExportedNetwork | undefined,
  memoryBytes: number,
): Autoencoder {
  const { scaling, shift, latentChannels, factor } = config;
  return {
    latentChannels,
    factor,
    async encode(planes, shape) {
      if (!encoder) {
        throw new EaselError({
          code: 'ERR_REQUEST_INVALID',
          message: `inputImages: ${folder} has no vae_encoder/model.onnx, which reads pictures.`,
          hint: 'Make pictures from text alone, or export the model with its encoder.',
        });
      }
      const output = await encoder.run({ sample: { data: planes, shape } }, 'latents');
      return output.shape[1] === 2 * latentChannels
        ? readPosterior(output.data, config)
        : drawnPosterior(output.data, config);
    },
    async decode(latents, shape) {
      const scaled = latents.map((value) => value / scaling + shift);
      const tiled = {
        input: { channels: latentChannels, scale: 1 },
        output: { channels: 3, scale: factor },
        pixelBytes: decoderPixelBytes,
        run: async (data: Float32Array, tileShape: readonly number[]) =>
          (await decoder.run({ latent_sample: { data, shape: tileShape } }, 'sample')).data,
      };
      // One that takes its own size only takes no tiles.
      const isFixed = decoder
        .shapeOf('latent_sample')
        ?.slice(2)
        .some((edge) => typeof edge === 'number');
      return isFixed ? await tiled.run(scaled, shape) : await runBySize(scaled, shape, tiled, memoryBytes);
    },
  };
}

/** diffusers' old script draws inside of the file, by noise that nobody can choose. */
const drawnPosterior = (drawn: Float32Array, { scaling, shift }: ExportedVaeConfig): Posterior => ({
  count: drawn.length,
  draw: () => drawn.map((value) => scaling * (value - shift)),
});
