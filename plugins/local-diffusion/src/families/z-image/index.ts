import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { latentsPerEdge } from '../components/packed-latents.js';
import { qwenTextKind } from '../components/qwen-text-encoder.js';
import type { Family } from '../family.js';
import { latents } from '../flux/latents.js';
import { conditionZImage } from './conditioning.js';
import { guidance } from './guidance.js';
import { zImageLoras } from './loras.js';
import { options, readOptions } from './options.js';
import { singleFile } from './single-file.js';
import { zImageTransformerKind } from './transformer.js';

const title = 'Z-Image';
const kinds = {
  text_encoder: qwenTextKind({ tokenizer: 'tokenizer', states: ({ layers }) => [layers - 1] }),
  transformer: zImageTransformerKind,
  vae: autoencoderKind(latents, title),
};

/** Alibaba's Z-Image and Z-Image-Turbo: one stream of tokens, Qwen3 as text encoder, FLUX.1's autoencoder. */
export const zImage: Family = {
  type: 'z-image',
  title,
  models: {
    pipelineClasses: ['ZImagePipeline', 'ZImageImg2ImgPipeline', 'ZImageInpaintPipeline'],
    tensors: ['cap_embedder.', 'model.diffusion_model.cap_embedder.'],
    // Those of Turbo, which is not guided. diffusers counts guidance from 0.
    defaults: { width: 1024, height: 1024, steps: 8, guidanceScale: 0 },
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
      inputImages: 1,
      mask: true,
    },
  },
  options,
  readOptions,
  components: {
    text_encoder: { kind: kinds.text_encoder, title: 'Qwen3 text encoder' },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
  },
  denoiser: 'transformer',
  loras: zImageLoras,
  singleFile,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const reading = await source.open('text_encoder', kinds.text_encoder);
    const autoencoder = await source.open('vae', kinds.vae);
    const { channels, textWidth } = transformer;
    const refuse = (what: string) => {
      throw invalidFiles(`${source.origin}: ${what}.`, 'Use parts of one model.');
    };
    if (channels !== autoencoder.latentChannels) {
      refuse(
        `the denoising network takes ${channels} channels, and the autoencoder has ${autoencoder.latentChannels}`,
      );
    }
    if (textWidth !== reading.width) {
      refuse(
        `the denoising network reads text ${textWidth} wide, and the text encoder writes ${reading.width}`,
      );
    }
    return {
      ...autoencoder,
      inputChannels: channels,
      guidance,
      encodesOnce: true,
      patchEdge: latentsPerEdge * autoencoder.factor,
      // Evenly from 1 to 1/steps, as diffusers' pipelines have it.
      flowTimes: (steps) => Array.from({ length: steps }, (_, step) => 1 - step / steps),
      readsSentences: true,
      refinesOnly: false,
      condition: (request) => conditionZImage(reading, title, request),
      predict: transformer.mount(),
    };
  },
};
