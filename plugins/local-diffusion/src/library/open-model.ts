import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { unetGraph } from '../networks/unet.js';
import { readUnetConfig } from '../networks/unet-config.js';
import { readVaeConfig } from '../networks/vae-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import type { ClipTokenizer } from '../prompt/tokenizer.js';
import { NetworkGroup } from '../runtime/network-group.js';
import type { NetworkOptions } from '../runtime/network-options.js';
import { openAutoencoder } from './autoencoder.js';

/** The parts that are alike in every Stable Diffusion, read but not opened. */
export interface ImageParts {
  /** For messages: the folder or file that they are of. */
  readonly origin: string;
  readonly unet: Component;
  readonly vae: Component;
  /** The parsed `scheduler_config.json`. */
  readonly schedulerConfig: unknown;
}

/** A text encoder, read but not opened. */
export interface TextPart {
  readonly component: Component;
  readonly tokenizer: ClipTokenizer;
}

/** What the text side makes of a model. */
export type TextSide = Pick<DiffusionModel, 'condition' | 'refinesOnly'>;

export type OpenOptions = NetworkOptions;

/**
 * Writes the graphs, and lets ONNX Runtime open them over the files as they lie. After a failure nothing stays open.
 *
 * @param textWidth channels of the tokens that the text side makes
 * @throws ERR_MODEL_FILES_INVALID for configs that are not supported, and for weights or parts that do not fit each other
 */
export async function openModel(
  parts: ImageParts,
  textWidth: number,
  openText: (networks: NetworkGroup) => Promise<TextSide>,
  options: OpenOptions,
): Promise<DiffusionModel> {
  const { inputChannels, guidanceEmbeddingSize } = checkFit(parts, textWidth);
  const { scaling } = readVaeConfig(parts.vae);
  const networks = new NetworkGroup(options);
  try {
    const denoiser = await networks.open(unetGraph(parts.unet));
    const autoencoder = await openAutoencoder(parts.vae, networks);
    return {
      ...autoencoder,
      ...(await openText(networks)),
      schedulerConfig: parts.schedulerConfig,
      latentScaling: scaling,
      inputChannels,
      guidanceEmbeddingSize,
      get networkMs() {
        return networks.runMs;
      },
      async predict(sample, timestep, conditioning) {
        const feeds = { sample, timestep: { data: Float32Array.of(timestep), shape: [1] }, ...conditioning };
        return (await denoiser.run(feeds, ['out_sample'])).out_sample;
      },
      release: () => networks.release(),
    };
  } catch (error) {
    await networks.release();
    throw error;
  }
}

/** Parts of different models have numbers that do not meet; ONNX Runtime would only say so in its own words. */
function checkFit({ origin, unet, vae }: ImageParts, textWidth: number) {
  const config = readUnetConfig(unet);
  const { inputChannels: inputs, outputChannels: outputs, contextWidth } = config;
  const { latentChannels: latents } = readVaeConfig(vae);
  // For inpainting: latents, one channel of mask, the masked picture's latents.
  if ((inputs !== latents && inputs !== 2 * latents + 1) || outputs !== latents) {
    throw invalidFiles(
      `${origin}: the denoising network takes ${inputs} channels and gives ${outputs}, and the autoencoder has ${latents}.`,
      `Use a checkpoint whose network takes ${latents}, or ${2 * latents + 1} for inpainting.`,
    );
  }
  if (contextWidth !== textWidth) {
    throw invalidFiles(
      `${origin}: the denoising network reads text ${contextWidth} wide and the text encoder writes ${textWidth}.`,
      'Use parts of one model.',
    );
  }
  return config;
}
