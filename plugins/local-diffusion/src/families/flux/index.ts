import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Autoencoder, DiffusionModel } from '../../pipelines/diffusion-model.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { pooledClipTextKind } from '../components/clip-text-encoder.js';
import { latentsPerEdge } from '../components/packed-latents.js';
import { t5TextKind } from '../components/t5-text-encoder.js';
import type { Family } from '../family.js';
import { conditionFlux, trueCfgScale } from './conditioning.js';
import { predictControlled } from './controlled-prediction.js';
import { fluxControlNetKind, fluxControlNets, openFluxControlNets } from './controlnet.js';
import { fillReading, kontextClass, kontextReading } from './image-reading.js';
import { latents } from './latents.js';
import { fluxLoras } from './loras.js';
import { options, readOptions } from './options.js';
import { singleFile } from './single-file.js';
import { type FluxTransformer, fluxTransformerKind } from './transformer.js';

const title = 'FLUX';
const kinds = {
  text_encoder: pooledClipTextKind('tokenizer'),
  text_encoder_2: t5TextKind('tokenizer_2'),
  transformer: fluxTransformerKind,
  vae: autoencoderKind(latents, title),
};

/** Tokens of T5 that dev, which is told a guidance scale, and schnell were trained with. */
const textTokens = { dev: 512, schnell: 256 };

/** Black Forest Labs' FLUX.1: schnell, dev and what was made of dev. */
export const flux: Family = {
  type: 'flux',
  title,
  models: {
    pipelineClasses: [
      'FluxPipeline',
      'FluxImg2ImgPipeline',
      'FluxInpaintPipeline',
      'FluxFillPipeline',
      'FluxControlPipeline',
      'FluxControlNetPipeline',
      'FluxKontextPipeline',
    ],
    tensors: ['vector_in.', 'model.diffusion_model.vector_in.'],
    defaults: { width: 1024, height: 1024, steps: 28, guidanceScale: 3.5 },
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
      control: 4,
      mask: true,
    },
  },
  options,
  readOptions,
  components: {
    text_encoder: { kind: kinds.text_encoder, title: 'CLIP text encoder' },
    text_encoder_2: { kind: kinds.text_encoder_2, title: 'T5 text encoder' },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
    controlnet: { kind: fluxControlNetKind, title: 'ControlNet', isOptional: true },
  },
  controlNets: fluxControlNets,
  denoiser: 'transformer',
  singleFile,
  loras: fluxLoras,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const pooling = await source.open('text_encoder', kinds.text_encoder);
    const texts = await source.open('text_encoder_2', kinds.text_encoder_2);
    const autoencoder = await source.open('vae', kinds.vae);
    const { inputChannels, outputChannels, textWidth, pooledWidth, readsGuidance } = transformer;
    const perToken = latentsPerEdge ** 2;
    const refuse = (what: string, hint = 'Use parts of one model.') => {
      throw invalidFiles(`${source.origin}: ${what}.`, hint);
    };
    if (source.index._class_name === kontextClass && inputChannels !== outputChannels) {
      refuse(
        'Kontext changes an image, and a control LoRA, or a Control model, makes one that follows it',
        'Use it with FLUX.1 [dev].',
      );
    }
    const reading = imageReadingOf(transformer, autoencoder, source.index._class_name);
    if (outputChannels !== perToken * autoencoder.latentChannels || !reading) {
      refuse(
        `the denoising network takes ${inputChannels} channels and gives ${outputChannels}, and the autoencoder has ${autoencoder.latentChannels}, times ${perToken}`,
      );
    }
    if (textWidth !== texts.width || pooledWidth !== pooling.table?.width) {
      refuse(
        `the denoising network reads text ${textWidth} and ${pooledWidth} wide, and the text encoders write ${texts.width} and ${pooling.table?.width}`,
      );
    }
    const [controlNet, ...others] = await openFluxControlNets(source, transformer);
    const controlNets = controlNet ? ([controlNet, ...others] as const) : undefined;
    const parts = {
      pooling,
      reading: texts,
      textTokens: readsGuidance ? textTokens.dev : textTokens.schnell,
    };
    return {
      ...autoencoder,
      ...reading,
      inputChannels: inputChannels / perToken,
      ...(controlNets && {
        controlNets: controlNets.map(({ modes }) => ({ reads: 'latents', kinds: modes })),
      }),
      guidance: {
        negativeIsRead: 'with the option trueCfgScale over 1',
        scaleOf: trueCfgScale,
        ...((readsGuidance || controlNets?.some((net) => net.readsGuidance)) && {
          inputs: (scale, images) => ({
            guidance: { data: new Float32Array(images).fill(scale), shape: [images] },
          }),
        }),
      },
      patchEdge: latentsPerEdge * autoencoder.factor,
      // Evenly from 1 to 1/steps, as BFL's own code and diffusers' pipelines have it.
      flowTimes: (steps) => Array.from({ length: steps }, (_, step) => 1 - step / steps),
      refinesOnly: false,
      condition: (request) => conditionFlux(parts, request),
      predict: controlNets ? predictControlled(transformer, controlNets) : transformer.mount(),
    };
  },
};

/**
 * How the network reads images beside the latents, by its channels; undefined for channels that no FLUX has.
 */
function imageReadingOf(
  { inputChannels, outputChannels }: FluxTransformer,
  { factor }: Autoencoder,
  className: unknown,
): Pick<DiffusionModel, 'maskReading' | 'followsImage' | 'editing'> | undefined {
  const extra = inputChannels - outputChannels;
  if (extra === 0) {
    return className === kontextClass ? { editing: kontextReading(latentsPerEdge * factor) } : {};
  }
  if (extra === outputChannels) return { followsImage: true };
  const isFill = extra === outputChannels + latentsPerEdge ** 2 * factor ** 2;
  return isFill ? { maskReading: fillReading(factor) } : undefined;
}
