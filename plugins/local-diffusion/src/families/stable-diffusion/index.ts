import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { clipTextKind } from '../components/clip-text-encoder.js';
import { unetLoras } from '../components/lora-targets.js';
import { openUnetControlNets } from '../components/open-controlnets.js';
import { requireFit, unetKind } from '../components/unet.js';
import { unetControlNetKind } from '../components/unet-controlnet.js';
import { unetControlNets } from '../components/unet-controlnet-file.js';
import type { Family } from '../family.js';
import { conditionStableDiffusion } from './conditioning.js';
import { latents } from './latents.js';
import { singleFile, variants } from './single-file.js';

/** Sabour et al. 2024, "Align Your Steps", arXiv 2404.14507, as NVIDIA publishes them for this model. */
const alignedSigmas = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029];

const title = 'Stable Diffusion';
const kinds = {
  text_encoder: clipTextKind({ tokenizer: 'tokenizer', states: 'last' }),
  unet: unetKind,
  vae: autoencoderKind(latents, title),
};

/** Stable Diffusion 1.x and 2.x, for inpainting as well, and the models that were distilled from them. */
export const stableDiffusion: Family = {
  type: 'sd',
  title,
  models: {
    pipelineClasses: [
      'StableDiffusionPipeline',
      'StableDiffusionImg2ImgPipeline',
      'StableDiffusionInpaintPipeline',
      'StableDiffusionControlNetPipeline',
      'StableDiffusionControlNetImg2ImgPipeline',
      'StableDiffusionControlNetInpaintPipeline',
      'LatentConsistencyModelPipeline',
      'LatentConsistencyModelImg2ImgPipeline',
      'ORTStableDiffusionPipeline',
      'ORTStableDiffusionImg2ImgPipeline',
      'ORTStableDiffusionInpaintPipeline',
      'ORTLatentConsistencyModelPipeline',
      'ORTLatentConsistencyModelImg2ImgPipeline',
      'OnnxStableDiffusionPipeline',
      'OnnxStableDiffusionImg2ImgPipeline',
      'OnnxStableDiffusionInpaintPipeline',
    ],
    tensors: ['cond_stage_model.'],
    defaults: { width: 512, height: 512, steps: 20, guidanceScale: 7.5 },
    supports: {
      minimumEdge: 64,
      maximumEdge: 2048,
      edgeMultiple: 8,
      images: 16,
      negativePrompt: true,
      seed: true,
      steps: true,
      guidanceScale: true,
      sampler: true,
      inputImages: 1,
      control: 4,
      mask: true,
    },
  },
  options: {},
  readOptions: () => undefined,
  components: {
    text_encoder: { kind: kinds.text_encoder, title: 'text encoder' },
    unet: { kind: kinds.unet, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
    controlnet: { kind: unetControlNetKind, title: 'ControlNet', isOptional: true },
  },
  controlNets: unetControlNets,
  denoiser: 'unet',
  loras: unetLoras(variants),
  singleFile,
  async assemble(source) {
    const unet = await source.open('unet', kinds.unet);
    if (unet.sizeCount) {
      throw invalidFiles(
        `${source.origin}: the denoising network is told a pooled text and sizes, which ${title} has none of.`,
        'Use parts of one model.',
      );
    }
    const encoder = await source.open('text_encoder', kinds.text_encoder);
    const autoencoder = await source.open('vae', kinds.vae);
    requireFit(source.origin, unet, autoencoder.latentChannels, [encoder]);
    const controlNets = await openUnetControlNets(source, unet);
    return {
      ...autoencoder,
      inputChannels: unet.inputChannels ?? autoencoder.latentChannels,
      guidance: unet.guidance,
      patchEdge: autoencoder.factor,
      alignedSigmas,
      refinesOnly: false,
      condition: (request) => conditionStableDiffusion(encoder, request),
      ...unet.mount(controlNets),
    };
  },
};
