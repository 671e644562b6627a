import { EaselError } from '@easel/plugin-sdk';
import type { Autoencoder } from '../pipelines/diffusion-model.js';
import { type Posterior, readPosterior } from '../pipelines/posterior.js';
import { decoderPixelBytes, runBySize } from '../pipelines/tiling.js';
import { decoderDialect, encoderDialect } from './dialects.js';
import { type ExportedVaeConfig, readExportedVaeConfig } from './exported-config.js';
import { exists } from './exported-files.js';
import type { ExportedSite } from './exported-site.js';

/**
 * Opens an exported autoencoder. Where the folder has no encoder, input images are refused.
 *
 * @param defaultScaling of latents, where the files do not say it
 * @param title of the family that has it, for messages
 * @throws ERR_MODEL_FILES_INVALID for files that cannot be opened
 */
export async function exportedAutoencoder(
  site: ExportedSite,
  defaultScaling: number,
  title: string,
): Promise<Autoencoder & { readonly scaling: number }> {
  const { folder, memoryBytes } = site;
  const config = await readExportedVaeConfig(folder, defaultScaling);
  if (config.isScalingAssumed) {
    site.warn(
      `${config.file} does not say by how much latents are scaled; ${title}'s ${defaultScaling} was taken.`,
    );
  }
  const { scaling, shift, latentChannels, factor } = config;
  const decoder = await site.network('vae_decoder', decoderDialect);
  const hasEncoder = await exists(`${folder}/vae_encoder/model.onnx`);
  const encoder = hasEncoder ? await site.network('vae_encoder', encoderDialect) : undefined;
  return {
    scaling,
    latentChannels,
    factor,
    async encode(planes, shape) {
      if (!encoder) {
        throw new EaselError({
          code: 'ERR_REQUEST_INVALID',
          message: `inputImages: ${folder} has no vae_encoder/model.onnx, which reads images.`,
          hint: 'Make images from text alone, or export the model with its encoder.',
        });
      }
      const output = await encoder.run({ sample: { data: planes, shape } }, 'latents');
      return output.shape[1] === 2 * latentChannels
        ? readPosterior(output.data, { scaling, means: [shift], deviations: [1] })
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
