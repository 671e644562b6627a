import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Guidance } from '../../pipelines/diffusion-model.js';
import { qwenTextKind } from '../components/qwen-text-encoder.js';
import type { Family } from '../family.js';
import { flux2AutoencoderKind } from './autoencoder.js';
import { conditionFlux2 } from './conditioning.js';
import { imageReading } from './image-reading.js';
import { flux2Loras } from './loras.js';
import { options, readOptions } from './options.js';
import { empiricalShift } from './schedule.js';
import { singleFile } from './single-file.js';
import { flux2TransformerKind } from './transformer.js';

const title = 'FLUX.2 klein';
const kinds = {
  text_encoder: qwenTextKind({ tokenizer: 'tokenizer', states: () => [9, 18, 27] }),
  transformer: flux2TransformerKind,
  vae: flux2AutoencoderKind,
};

/**
 * Black Forest Labs' FLUX.2 klein, 4B and 9B, distilled and base: Qwen3 as text encoder, and images to be
 * changed beside the text.
 */
export const flux2: Family = {
  type: 'flux2',
  title,
  models: {
    pipelineClasses: ['Flux2KleinPipeline', 'Flux2KleinInpaintPipeline'],
    tensors: ['double_stream_modulation_img.', 'model.diffusion_model.double_stream_modulation_img.'],
    // Those of the distilled models.
    defaults: { width: 1024, height: 1024, steps: 4, guidanceScale: 1 },
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
    text_encoder: { kind: kinds.text_encoder, title: 'Qwen3 text encoder' },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
  },
  denoiser: 'transformer',
  loras: flux2Loras,
  singleFile,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const reading = await source.open('text_encoder', kinds.text_encoder);
    const autoencoder = await source.open('vae', kinds.vae);
    const { inputChannels, outputChannels, textWidth, readsGuidance } = transformer;
    const { latentChannels, factor } = autoencoder;
    const refuse = (what: string) => {
      throw invalidFiles(`${source.origin}: ${what}.`, 'Use parts of one model.');
    };
    if (inputChannels !== latentChannels || outputChannels !== latentChannels) {
      refuse(
        `the denoising network takes ${inputChannels} channels and gives ${outputChannels}, and the autoencoder has ${latentChannels}`,
      );
    }
    if (textWidth !== reading.width) {
      refuse(
        `the denoising network reads text ${textWidth} wide, and the text encoder writes ${reading.width}`,
      );
    }
    return {
      ...autoencoder,
      inputChannels,
      guidance: guidanceOf(source.index.is_distilled === true, readsGuidance),
      editing: imageReading(factor),
      patchEdge: factor,
      // Evenly from 1 to 1/steps, as diffusers' pipelines have it.
      flowTimes: (steps) => Array.from({ length: steps }, (_, step) => 1 - step / steps),
      flowShift: empiricalShift,
      readsSentences: true,
      refinesOnly: false,
      condition: (request) => conditionFlux2(reading, title, request),
      predict: transformer.mount(),
    };
  },
};

/** Distilled models are not guided, whatever is asked for. */
const guidanceOf = (isDistilled: boolean, readsGuidance: boolean): Guidance => ({
  ...(!isDistilled && { scaleOf: ({ guidanceScale }) => guidanceScale }),
  ...(readsGuidance && {
    inputs: (scale, images) => ({
      guidance: { data: new Float32Array(images).fill(scale), shape: [images] },
    }),
  }),
});
