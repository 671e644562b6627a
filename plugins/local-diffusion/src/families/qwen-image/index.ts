import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { DiffusionModel, Guidance } from '../../pipelines/diffusion-model.js';
import type { ComponentSource } from '../component-kind.js';
import { latentsPerEdge } from '../components/packed-latents.js';
import { qwenSeeingKind } from '../components/qwen-seeing-encoder.js';
import { qwenTextKind } from '../components/qwen-text-encoder.js';
import type { Family } from '../family.js';
import { qwenAutoencoderKind } from './autoencoder.js';
import { conditionQwenImage, plainReading } from './conditioning.js';
import { type EditingKind, imageEditing, seeingReading } from './editing.js';
import { qwenImageLoras } from './loras.js';
import { latentsPerToken } from './network/qwen-image-config.js';
import { options, readOptions } from './options.js';
import { singleFile } from './single-file.js';
import { qwenImageTransformerKind } from './transformer.js';

const title = 'Qwen-Image';
const kinds = {
  text_encoder: qwenTextKind({ tokenizer: 'tokenizer', states: () => ['normed'] }),
  seeing_text_encoder: qwenSeeingKind({ tokenizer: 'tokenizer', processor: 'processor' }),
  transformer: qwenImageTransformerKind,
  vae: qwenAutoencoderKind,
};

/** The pipelines that change images. */
const editingKinds: Readonly<Record<string, EditingKind>> = {
  QwenImageEditPipeline: 'one',
  QwenImageEditPlusPipeline: 'several',
};

/**
 * Alibaba's Qwen-Image, Qwen-Image-Edit and -Edit-Plus: text and image in two streams, Qwen2.5-VL as text
 * encoder, Wan's autoencoder.
 */
export const qwenImage: Family = {
  type: 'qwen-image',
  title,
  models: {
    pipelineClasses: [
      'QwenImagePipeline',
      'QwenImageImg2ImgPipeline',
      'QwenImageInpaintPipeline',
      ...Object.keys(editingKinds),
    ],
    tensors: ['transformer_blocks.0.img_mod.', 'model.diffusion_model.transformer_blocks.0.img_mod.'],
    defaults: { width: 1024, height: 1024, steps: 50, guidanceScale: 4 },
    supports: {
      minimumEdge: 64,
      maximumEdge: 2048,
      edgeMultiple: 16,
      images: 16,
      negativePrompt: true,
      seed: true,
      steps: true,
      guidanceScale: true,
      sampler: true,
      inputImages: 4,
      mask: true,
    },
  },
  options,
  readOptions,
  components: {
    text_encoder: { kind: kinds.text_encoder, title: 'Qwen2.5-VL text encoder' },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
  },
  denoiser: 'transformer',
  loras: qwenImageLoras,
  singleFile,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const kind = editingKinds[String(source.index._class_name)];
    const reading = await openReading(source, kind);
    const autoencoder = await source.open('vae', kinds.vae);
    const { inputChannels, outputChannels, textWidth } = transformer;
    const perToken = latentsPerToken * autoencoder.latentChannels;
    const refuse = (what: string) => {
      throw invalidFiles(`${source.origin}: ${what}.`, 'Use parts of one model.');
    };
    if (inputChannels !== perToken || outputChannels !== perToken) {
      refuse(
        `the denoising network takes ${inputChannels} channels and gives ${outputChannels}, and the autoencoder has ${autoencoder.latentChannels}, times ${latentsPerToken}`,
      );
    }
    if (textWidth !== reading.width) {
      refuse(
        `the denoising network reads text ${textWidth} wide, and the text encoder writes ${reading.width}`,
      );
    }
    return {
      ...autoencoder,
      inputChannels: autoencoder.latentChannels,
      guidance,
      encodesOnce: true,
      patchEdge: latentsPerEdge * autoencoder.factor,
      // Evenly from 1 to 1/steps, as diffusers' pipelines have it.
      flowTimes: (steps) => Array.from({ length: steps }, (_, step) => 1 - step / steps),
      readsSentences: true,
      refinesOnly: false,
      ...(kind && { editing: imageEditing }),
      condition: reading.condition,
      predict: transformer.mount(),
    };
  },
};

/**
 * Token by token, a guided prediction keeps the norm of the one with the prompt. diffusers: `true_cfg_scale`.
 */
const guidance: Guidance = { scaleOf: ({ guidanceScale }) => guidanceScale, normedEdge: latentsPerEdge };

interface Reading {
  readonly width: number;
  readonly condition: DiffusionModel['condition'];
}

async function openReading(source: ComponentSource, kind: EditingKind | undefined): Promise<Reading> {
  if (!kind) {
    const encoder = await source.open('text_encoder', kinds.text_encoder);
    return {
      width: encoder.width,
      condition: (request) => conditionQwenImage(plainReading(encoder), title, request),
    };
  }
  const encoder = await source.open('text_encoder', kinds.seeing_text_encoder);
  return {
    width: encoder.width,
    async condition(request) {
      const reading = await seeingReading(encoder, kind, request.inputImages ?? []);
      return await conditionQwenImage(reading, title, request);
    },
  };
}
