import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { Guidance } from '../../pipelines/diffusion-model.js';
import type { TextEncoder } from '../../prompt/text-encoding.js';
import { autoencoderKind } from '../components/autoencoder.js';
import { clipTextKind } from '../components/clip-text-encoder.js';
import { t5TextKind } from '../components/t5-text-encoder.js';
import type { Family } from '../family.js';
import { conditionStableDiffusion3, refuseLargeSize } from './conditioning.js';
import { latents } from './latents.js';
import { stableDiffusion3Loras } from './loras.js';
import { patchEdge } from './network/sd3-config.js';
import { options, readOptions } from './options.js';
import { singleFile } from './single-file.js';
import { keptBlocks, type Sd3Transformer, sd3TransformerKind } from './transformer.js';

const title = 'Stable Diffusion 3';
const kinds = {
  text_encoder: clipTextKind({ tokenizer: 'tokenizer', states: 'penultimate' }),
  text_encoder_2: clipTextKind({ tokenizer: 'tokenizer_2', states: 'penultimate' }),
  text_encoder_3: t5TextKind('tokenizer_3'),
  transformer: sd3TransformerKind,
  vae: autoencoderKind(latents, title),
};

/** Stable Diffusion 3 medium, and 3.5 medium, large and large Turbo. T5 may be missing. */
export const stableDiffusion3: Family = {
  type: 'sd3',
  title,
  models: {
    pipelineClasses: [
      'StableDiffusion3Pipeline',
      'StableDiffusion3Img2ImgPipeline',
      'StableDiffusion3InpaintPipeline',
    ],
    tensors: ['joint_blocks.', 'model.diffusion_model.joint_blocks.'],
    defaults: { width: 1024, height: 1024, steps: 28, guidanceScale: 4.5 },
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
    text_encoder: { kind: kinds.text_encoder, title: 'first CLIP text encoder' },
    text_encoder_2: { kind: kinds.text_encoder_2, title: 'second CLIP text encoder' },
    text_encoder_3: { kind: kinds.text_encoder_3, title: 'T5 text encoder', isOptional: true },
    transformer: { kind: kinds.transformer, title: 'denoising network' },
    vae: { kind: kinds.vae, title: 'autoencoder' },
  },
  denoiser: 'transformer',
  singleFile,
  loras: stableDiffusion3Loras,
  async assemble(source) {
    const transformer = await source.open('transformer', kinds.transformer);
    const encoders = [
      await source.open('text_encoder', kinds.text_encoder),
      await source.open('text_encoder_2', kinds.text_encoder_2),
    ];
    const reading = source.has('text_encoder_3')
      ? await source.open('text_encoder_3', kinds.text_encoder_3)
      : undefined;
    const autoencoder = await source.open('vae', kinds.vae);
    const { inputChannels, outputChannels, textWidth, tableEdge } = transformer;
    const refuse = (what: string) => {
      throw invalidFiles(`${source.origin}: ${what}.`, 'Use parts of one model.');
    };
    if (inputChannels !== outputChannels || outputChannels !== autoencoder.latentChannels) {
      refuse(
        `the denoising network takes ${inputChannels} channels and gives ${outputChannels}, and the autoencoder has ${autoencoder.latentChannels}`,
      );
    }
    const misfit = textMisfit(transformer, encoders, reading?.width);
    if (misfit) refuse(misfit);
    const parts = { encoders, reading, textWidth };
    const edge = patchEdge * autoencoder.factor;
    return {
      ...autoencoder,
      inputChannels,
      guidance: guidanceOf(transformer),
      patchEdge: edge,
      refinesOnly: false,
      async condition(request) {
        refuseLargeSize(request, tableEdge * edge);
        return await conditionStableDiffusion3(parts, request);
      },
      predict: transformer.mount(),
    };
  },
};

/** What the text encoders write that the network does not read. */
function textMisfit(
  { textWidth, pooledWidth }: Sd3Transformer,
  encoders: readonly TextEncoder[],
  readingWidth: number | undefined,
): string | undefined {
  const sum = (widths: readonly (number | undefined)[]) =>
    widths.reduce<number>((total, width) => total + (width ?? 0), 0);
  const plain = encoders.findIndex(({ projection }) => !projection);
  if (plain >= 0)
    return `the ${plain === 0 ? 'first' : 'second'} CLIP has no text_projection, which FLUX.1 does without, and which is read here`;
  const pooled = sum(encoders.map(({ projection }) => projection?.width));
  if (pooled !== pooledWidth)
    return `the denoising network reads pooled texts ${pooledWidth} wide, and both CLIPs write ${pooled}`;
  if (readingWidth !== undefined && readingWidth !== textWidth)
    return `the denoising network reads text ${textWidth} wide, and T5 writes ${readingWidth}`;
  const both = sum(encoders.map(({ table }) => table?.width));
  return both > textWidth
    ? `the denoising network reads text ${textWidth} wide, and both CLIPs write ${both}`
    : undefined;
}

const guidanceOf = ({ layers }: Sd3Transformer): Guidance => ({
  scaleOf: ({ guidanceScale }) => guidanceScale,
  weaken({ familyOptions }) {
    const { skipLayerGuidance } = readOptions(familyOptions);
    return (
      skipLayerGuidance && {
        ...skipLayerGuidance,
        weakInputs: (images) => keptBlocks(layers, skipLayerGuidance.layers, images),
        plainInputs: (images) => keptBlocks(layers, [], images),
      }
    );
  },
});
