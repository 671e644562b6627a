import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { classifierFree } from '../../pipelines/diffusion-model.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { latentsPerEdge } from '../components/packed-latents.js';
import { t5TextKind } from '../components/t5-text-encoder.js';
import type { Family } from '../family.js';
import { latents } from '../flux/latents.js';
import { chromaLoras } from '../flux/loras.js';
import { conditionChroma } from './conditioning.js';
import { options, readOptions } from './options.js';
import { singleFile } from './single-file.js';
import { chromaTransformerKind } from './transformer.js';

const title = 'Chroma';
const kinds = {
  text_encoder: t5TextKind('tokenizer'),
  transformer: chromaTransformerKind,
  vae: autoencoderKind(latents, title),
};

/**
 * Lodestone's Chroma, made of FLUX.1 schnell: T5 alone, classifier-free guidance, and one small network for
 * all modulations.
 */
export const chroma: Family = {
  type: 'chroma',
  title,
  models: {
    pipelineClasses: ['ChromaPipeline', 'ChromaImg2ImgPipeline', 'ChromaInpaintPipeline'],
    tensors: ['distilled_guidance_layer.', 'model.diffusion_model.distilled_guidance_layer.'],
    defaults: { width: 1024, height: 1024, steps: 40, guidanceScale: 3 },
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
    text_encoder: { kind: kinds.text_encoder, title: 'T5 text encoder' },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
  },
  denoiser: 'transformer',
  singleFile,
  loras: chromaLoras,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const reading = await source.open('text_encoder', kinds.text_encoder);
    const autoencoder = await source.open('vae', kinds.vae);
    const { inputChannels, outputChannels, textWidth } = transformer;
    const refuse = (what: string) => {
      throw invalidFiles(`${source.origin}: ${what}.`, 'Use parts of one model.');
    };
    const perToken = latentsPerEdge ** 2;
    if (inputChannels !== outputChannels || outputChannels !== perToken * autoencoder.latentChannels) {
      refuse(
        `the denoising network takes ${inputChannels} channels and gives ${outputChannels}, and the autoencoder has ${autoencoder.latentChannels}, times ${perToken}`,
      );
    }
    if (textWidth !== reading.width)
      refuse(`the denoising network reads text ${textWidth} wide, and T5 writes ${reading.width}`);
    return {
      ...autoencoder,
      inputChannels: inputChannels / perToken,
      guidance: classifierFree,
      patchEdge: latentsPerEdge * autoencoder.factor,
      // As for FLUX: evenly from 1 to 1/steps.
      flowTimes: (steps) => Array.from({ length: steps }, (_, step) => 1 - step / steps),
      refinesOnly: false,
      condition: (request) => conditionChroma(reading, title, request),
      predict: transformer.mount(),
    };
  },
};
