import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { ComponentSource } from '../component-kind.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { clipTextKind } from '../components/clip-text-encoder.js';
import { unetLoras } from '../components/lora-targets.js';
import { openUnetControlNets } from '../components/open-controlnets.js';
import { requireFit, type Unet, unetKind } from '../components/unet.js';
import { unetControlNetKind } from '../components/unet-controlnet.js';
import { unetControlNets } from '../components/unet-controlnet-file.js';
import type { Family } from '../family.js';
import { conditionStableDiffusionXl } from './conditioning.js';
import { latents } from './latents.js';
import { options, readOptions } from './options.js';
import { singleFile, variants } from './single-file.js';
import { timeIdCount } from './size-conditioning.js';

/** Sabour et al. 2024, "Align Your Steps", arXiv 2404.14507, as NVIDIA publishes them for this model. */
const alignedSigmas = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029];

const title = 'SDXL';
const kinds = {
  text_encoder: clipTextKind({ tokenizer: 'tokenizer', states: 'penultimate' }),
  text_encoder_2: clipTextKind({ tokenizer: 'tokenizer_2', states: 'penultimate' }),
  unet: unetKind,
  vae: autoencoderKind(latents, title),
};

/** Stable Diffusion XL and its refiner, which has only the second text encoder, for inpainting as well. */
export const stableDiffusionXl: Family = {
  type: 'sdxl',
  title,
  models: {
    pipelineClasses: [
      'StableDiffusionXLPipeline',
      'StableDiffusionXLImg2ImgPipeline',
      'StableDiffusionXLInpaintPipeline',
      'StableDiffusionXLControlNetPipeline',
      'StableDiffusionXLControlNetImg2ImgPipeline',
      'StableDiffusionXLControlNetInpaintPipeline',
      'StableDiffusionXLControlNetUnionPipeline',
      'ORTStableDiffusionXLPipeline',
      'ORTStableDiffusionXLImg2ImgPipeline',
      'ORTStableDiffusionXLInpaintPipeline',
    ],
    tensors: ['conditioner.embedders.'],
    defaults: { width: 1024, height: 1024, steps: 20, guidanceScale: 5 },
    supports: {
      minimumEdge: 64,
      maximumEdge: 4096,
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
  options,
  readOptions,
  components: {
    text_encoder: { kind: kinds.text_encoder, title: 'text encoder', isOptional: true },
    text_encoder_2: { kind: kinds.text_encoder_2, title: 'second text encoder' },
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
    const first = source.has('text_encoder') && (await source.open('text_encoder', kinds.text_encoder));
    const second = await source.open('text_encoder_2', kinds.text_encoder_2);
    const encoders = first ? [first, second] : [second];
    const readsAestheticScore = findScore(source, unet, second.projection);
    const autoencoder = await source.open('vae', kinds.vae);
    requireFit(source.origin, unet, autoencoder.latentChannels, encoders);
    // diffusers' default.
    const zerosForNoNegativePrompt = source.index.force_zeros_for_empty_prompt !== false;
    const parts = { encoders, zerosForNoNegativePrompt, readsAestheticScore };
    const controlNets = await openUnetControlNets(source, unet);
    return {
      ...autoencoder,
      inputChannels: unet.inputChannels ?? autoencoder.latentChannels,
      guidance: unet.guidance,
      patchEdge: autoencoder.factor,
      alignedSigmas,
      refinesOnly: readsAestheticScore,
      condition: (request) => conditionStableDiffusionXl(parts, request),
      ...unet.mount(controlNets),
    };
  },
};

/**
 * Whether the UNet is told an aesthetic score, as the refiner's is: its input leaves room for so many
 * numbers.
 */
function findScore(
  source: ComponentSource,
  unet: Unet,
  projection: { readonly width?: number | undefined } | undefined,
): boolean {
  if (!unet.sizeCount) {
    throw invalidFiles(
      `${source.origin}: the denoising network takes no pooled text and no sizes, which SDXL is told by.`,
      'Use parts of one model.',
    );
  }
  if (!projection) {
    throw invalidFiles(
      `${source.origin}: text_encoder_2 has no projection, which SDXL takes its pooled text from.`,
    );
  }
  const numbers = unet.sizeCount(projection.width);
  // Where an exported file leaves it open: the refiner has only the second text encoder.
  if (numbers === undefined) return !source.has('text_encoder');
  for (const readsAestheticScore of [false, true]) {
    if (numbers === timeIdCount(readsAestheticScore)) return readsAestheticScore;
  }
  throw invalidFiles(
    `${source.origin}: beside a pooled text, the denoising network is told ${numbers} numbers; SDXL has 6 and its refiner 5.`,
    'Use parts of one model.',
  );
}
