import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readText } from '../checkpoint/read-file.js';
import { decoderDialect, denoiserDialect, encoderDialect } from '../exported/dialects.js';
import { exportedAutoencoder } from '../exported/exported-autoencoder.js';
import { exportedConditioning, type OpenPart, suffixesOf } from '../exported/exported-conditioning.js';
import { readExportedVaeConfig } from '../exported/exported-config.js';
import { exists, exportedFiles } from '../exported/exported-files.js';
import { ExportedNetwork } from '../exported/exported-network.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import { NetworkMemory } from '../session/network-memory.js';
import type { OpenFolderOptions } from './open-folder.js';
import type { OpenedModel } from './open-model.js';
import type { PipelineIndex } from './pipeline-index.js';

const tinyDecoderWarning = 'The tiny decoder had no effect: the model is exported to ONNX.';

/**
 * Opens a model that optimum, Olive, diffusers' old script or TensorRT's demo has exported to ONNX: Stable Diffusion 1.x, 2.x, XL or XL's
 * refiner.
 *
 * @throws ERR_MODEL_FILES_INVALID for files that are missing, damaged or not of a known dialect, and for what cannot be done to an
 * exported model: LoRAs, another autoencoder
 */
export async function openExportedFolder(
  folder: string,
  index: PipelineIndex,
  options: OpenFolderOptions,
): Promise<OpenedModel> {
  refuseWhatCannotBeChanged(folder, options);
  const files = await exportedFiles(folder, suffixesOf(index));
  const schedulerFile = join(folder, 'scheduler', 'scheduler_config.json');
  const schedulerConfig = readSchedulerConfig(await readText(schedulerFile), schedulerFile);
  const config = await readExportedVaeConfig(folder, index.family);
  const { memory = new NetworkMemory({}) } = options;
  const networks: ExportedNetwork[] = [];
  const release = async () => {
    for (const network of networks.splice(0)) await network.release();
  };
  const open: OpenPart = async (part, dialect) => {
    const network = await ExportedNetwork.open(join(folder, part, 'model.onnx'), dialect, memory);
    networks.push(network);
    return network;
  };
  try {
    const denoiser = await open('unet', denoiserDialect);
    const text = await exportedConditioning(folder, index, denoiser, open);
    const decoder = await open('vae_decoder', decoderDialect);
    const hasEncoder = await exists(join(folder, 'vae_encoder', 'model.onnx'));
    const encoder = hasEncoder ? await open('vae_encoder', encoderDialect) : undefined;
    return {
      ...exportedAutoencoder(folder, config, decoder, encoder, memory.maximumBytes),
      schedulerConfig,
      latentScaling: config.scaling,
      inputChannels: numberAt(denoiser, 'sample', 1) ?? config.latentChannels,
      guidanceEmbeddingSize: numberAt(denoiser, 'timestep_cond', 1),
      refinesOnly: text.refinesOnly,
      files,
      warnings: [...config.warnings, ...(options.tinyDecoder ? [tinyDecoderWarning] : [])],
      get networkMs() {
        return networks.reduce((sum, network) => sum + network.runMs, 0);
      },
      async condition(request) {
        for (const [network, input] of [
          [denoiser, 'sample'],
          [decoder, 'latent_sample'],
        ] as const) {
          refuseOtherSizes(folder, request, config.factor, network.shapeOf(input) ?? []);
        }
        return await text.condition(request);
      },
      async predict(sample, timestep, conditioning) {
        const images = sample.shape[0] ?? 1;
        const timesteps = { data: new Float32Array(images).fill(timestep), shape: [images] };
        const feeds = { sample, timestep: timesteps, ...conditioning };
        return (await denoiser.run(feeds, 'out_sample')).data;
      },
      /** It was given none. */
      weighLoras() {},
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function numberAt(network: ExportedNetwork, input: string, dimension: number): number | undefined {
  const size = network.shapeOf(input)?.[dimension];
  return typeof size === 'number' ? size : undefined;
}

function refuseOtherSizes(
  folder: string,
  { width, height }: { readonly width: number; readonly height: number },
  factor: number,
  [, , rows, columns]: readonly (number | string)[],
): void {
  const isOther = (pixels: number, latents: number | string | undefined) =>
    typeof latents === 'number' && latents * factor !== pixels;
  if (!isOther(height, rows) && !isOther(width, columns)) return;
  const pixels = (latents: number | string | undefined) =>
    typeof latents === 'number' ? latents * factor : 'any';
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `${folder} was exported for ${pixels(columns)} x ${pixels(rows)} pixels only, not for ${width} x ${height}.`,
    hint: 'Ask for that size, or export the model with free dimensions.',
  });
}

function refuseWhatCannotBeChanged(folder: string, { loras = [], vae }: OpenFolderOptions): void {
  const hint = 'Use the model as .safetensors.';
  const what = loras.length > 0 ? 'LoRAs' : vae && 'another autoencoder';
  if (what) throw invalidFiles(`${folder} is exported to ONNX and cannot take ${what}.`, hint);
}
