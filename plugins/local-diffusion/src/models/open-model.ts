import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Lora } from '../checkpoint/lora.js';
import { addAutoencoder } from '../families/components/autoencoder.js';
import { loraScalesInput } from '../graph/blocks/low-rank.js';
import { readVaeConfig } from '../networks/autoencoder/vae-config.js';
import { unetGraph } from '../networks/unet/unet.js';
import { readUnetConfig } from '../networks/unet/unet-config.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import { NetworkGroup } from '../session/network-group.js';
import { NetworkMemory } from '../session/network-memory.js';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { filesOf } from './component-files.js';
import { cacheConditioning } from './conditioning-cache.js';
import type { TinyDecoder } from './model-files.js';
import { addTinyDecoder } from './tiny-decoder.js';

/** The parts that are alike in every Stable Diffusion, read but not opened. */
export interface ImageParts {
  /** For messages: the folder or file that they are of. */
  readonly origin: string;
  readonly unet: Component;
  readonly vae: Component;
  /** The parsed `scheduler_config.json`. */
  readonly schedulerConfig: unknown;
  /** What else it was read from. */
  readonly files: readonly string[];
  /** Sentences about what had to be assumed. */
  readonly warnings: readonly string[];
}

/** A text encoder, read but not opened. */
export interface TextPart {
  readonly component: Component;
  readonly tokenizer: ClipTokenizer;
}

/** What the text side makes of a model. */
export type TextSide = Pick<DiffusionModel, 'condition' | 'refinesOnly'>;

export interface OpenOptions {
  /** Where its networks are opened. Absent: in a memory of its own, on the processor. */
  readonly memory?: NetworkMemory | undefined;
  /** What changes its weights. Absent: nothing. */
  readonly loras?: readonly Lora[] | undefined;
  /** Absent: none. */
  readonly tinyDecoder?: TinyDecoder | undefined;
}

/** A model as the engine keeps it. */
export interface OpenedModel extends DiffusionModel {
  /** All that it was read from. */
  readonly files: readonly string[];
  /** Sentences about what had to be assumed, and what was asked for and could not be had. */
  readonly warnings: readonly string[];
  /** From now on its LoRAs have these weights, in their order; 1 is the whole of one. */
  weighLoras(weights: readonly number[]): void;
}

/**
 * Writes the graphs over the files as they lie. ONNX Runtime opens each when it first runs.
 *
 * @param texts the text encoders that `parts` were given LoRAs with
 * @param addText adds them to the model's networks, and says how wide the tokens are that they make together
 * @throws ERR_MODEL_FILES_INVALID for configs that are not supported, and for weights or parts that do not fit each other
 */
export async function openModel(
  parts: ImageParts,
  texts: readonly TextPart[],
  addText: (networks: NetworkGroup) => TextSide & { readonly textWidth: number },
  { memory = new NetworkMemory({}), loras = [], tinyDecoder }: OpenOptions,
): Promise<OpenedModel> {
  const networks = new NetworkGroup(memory);
  const { textWidth, refinesOnly, condition } = addText(networks);
  const { inputChannels, guidanceEmbeddingSize } = checkFit(parts, textWidth);
  const { scaling } = readVaeConfig(parts.vae);
  const denoiser = networks.add(unetGraph(parts.unet));
  const autoencoder = addAutoencoder(parts.vae, networks);
  const tiny = tinyDecoder && (await addTinyDecoder(tinyDecoder.path, autoencoder, networks));
  const components = [parts.unet, parts.vae, ...texts.map(({ component }) => component)];
  const weighLoras = (weights: readonly number[]) => {
    networks.commonInputs[loraScalesInput] = {
      data: Float32Array.from(weights),
      shape: [weights.length],
    };
  };
  weighLoras(loras.map(() => 1));
  return {
    ...autoencoder,
    ...(tiny && { decodePreview: tiny.decode }),
    ...(tiny && tinyDecoder.use === 'always' && { decode: tiny.decode }),
    refinesOnly,
    condition: cacheConditioning(condition, () => [...networks.commonInputs[loraScalesInput]!.data]),
    schedulerConfig: parts.schedulerConfig,
    latentScaling: scaling,
    inputChannels,
    guidanceEmbeddingSize,
    files: [
      ...new Set([
        ...parts.files,
        ...components.flatMap(filesOf),
        ...loras.map(({ file }) => file),
        ...(tiny?.files ?? []),
      ]),
    ],
    get networkMs() {
      return networks.runMs;
    },
    get warnings() {
      return [...parts.warnings, ...networks.warnings];
    },
    async predict(sample, timestep, conditioning) {
      const feeds = { sample, timestep: { data: Float32Array.of(timestep), shape: [1] }, ...conditioning };
      return (await denoiser.run(feeds, ['out_sample'])).out_sample;
    },
    weighLoras,
    release: () => networks.release(),
  };
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
