import { autoencoderOf } from '../components/autoencoder-file.js';
import { autoencoderFile, clipFile } from '../components/companion-files.js';
import { deriveTextConfig, deriveUnetConfig, deriveVaeConfig } from '../components/derived-configs.js';
import { clipTensors, openClipTensors } from '../components/original-text-names.js';
import { present, withPrefix } from '../components/renamed-tensors.js';
import { declaredPrediction, predicts, schedulerConfigOf } from '../components/trained-schedule.js';
import {
  pooledTextMark,
  recogniseUnet,
  requirePublishedSize,
  type UnetVariant,
  unetMark,
  unetOf,
} from '../components/unet-file.js';
import type { FileVariant, SingleFileLayout, Tensors } from '../single-file-layout.js';
import { latents } from './latents.js';
import { secondPrediction } from './prediction.js';

/**
 * Stable Diffusion 2 reads the text before the last of OpenCLIP's 24 blocks, so that diffusers leaves it out.
 */
const openClipBlocks = 23;

const first: UnetVariant = {
  title: 'Stable Diffusion 1',
  textWidth: 768,
  index: {},
  configs: configsWith({ heads: 8, activation: 'quick_gelu' }),
  tokenizers: { tokenizer: 'clip' },
  async schedulerConfig(_path, file, told) {
    const prediction = declaredPrediction(file, told) ?? predicts('epsilon', file);
    return { config: schedulerConfig(prediction) };
  },
};

const second: UnetVariant = {
  title: 'Stable Diffusion 2',
  textWidth: 1024,
  index: {},
  configs: configsWith({ heads: undefined, activation: 'gelu' }),
  tokenizers: { tokenizer: 'open-clip' },
  async schedulerConfig(path, file, told) {
    const { warning, ...prediction } = declaredPrediction(file, told) ?? (await secondPrediction(path, file));
    return { config: schedulerConfig(prediction), ...(warning !== undefined && { warning }) };
  },
};

export const variants: readonly UnetVariant[] = [first, second];

/**
 * The layout of CompVis's and Stability's checkpoints: `model.diffusion_model`, `first_stage_model` and
 * `cond_stage_model`. Whatever else is in a file (schedules, moving averages, optimisers) is left out.
 */
export const singleFile: SingleFileLayout = {
  mark: unetMark,
  recognise: (path, tensors) =>
    recogniseUnet(path, tensors, {
      variants,
      takesPooledText: false,
      guess(names) {
        if (names.some((name) => name.startsWith('conditioner.') || name === pooledTextMark))
          return undefined;
        return names.some((name) => name.startsWith('cond_stage_model.model.')) ? second : first;
      },
    }),
  componentsOf: (tensors) =>
    present({
      unet: unetOf(tensors),
      vae: autoencoderOf(tensors),
      text_encoder: textEncoderOf(tensors),
    }),
  companions: [
    clipFile('text_encoder', 'l', 'pooled'),
    autoencoderFile(
      /^(vae-ft-(mse|ema).*|sd[-_.]?(v?1[-_.]?5?|2)[-_.]vae.*)$/i,
      'vae-ft-mse-840000-ema-pruned.safetensors',
    ),
  ],
};

/** CLIP-L in Stable Diffusion 1, OpenCLIP in 2. */
function textEncoderOf(tensors: Tensors): Tensors {
  const clip = clipTensors(withPrefix(tensors, 'cond_stage_model.transformer.'));
  if (clip.size > 0) return clip;
  return openClipTensors(withPrefix(tensors, 'cond_stage_model.model.'), {
    blocks: openClipBlocks,
    projection: false,
  });
}

function configsWith({
  heads,
  activation,
}: {
  readonly heads: number | undefined;
  readonly activation: 'quick_gelu' | 'gelu';
}): FileVariant['configs'] {
  return {
    unet(tensors, what) {
      requirePublishedSize(
        tensors,
        variants.map(({ textWidth }) => textWidth),
        what,
      );
      return deriveUnetConfig(tensors, heads, what);
    },
    vae: (tensors, what) => deriveVaeConfig(tensors, latents.scaling, what),
    text_encoder: (tensors, what) => deriveTextConfig(tensors, activation, what),
  };
}

/** As the published folders have it: PNDM where noise is predicted, DDIM with v-prediction. */
const schedulerConfig = (prediction: Parameters<typeof schedulerConfigOf>[1]) =>
  schedulerConfigOf(prediction.type === 'epsilon' ? 'PNDMScheduler' : 'DDIMScheduler', prediction, {
    skip_prk_steps: true,
  });
