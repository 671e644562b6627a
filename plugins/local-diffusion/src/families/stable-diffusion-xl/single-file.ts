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
import type { SingleFileLayout } from '../single-file-layout.js';
import { edmConfigs, edmSchedulerConfig } from './edm-files.js';
import { latents } from './latents.js';

const common: Pick<UnetVariant, 'configs' | 'tokenizers' | 'statedConfigs' | 'schedulerConfig'> = {
  configs: {
    unet(tensors, what) {
      requirePublishedSize(
        tensors,
        variants.map(({ textWidth }) => textWidth),
        what,
      );
      return deriveUnetConfig(tensors, undefined, what);
    },
    vae: (tensors, what) => deriveVaeConfig(tensors, latents.scaling, what),
    text_encoder: (tensors, what) => deriveTextConfig(tensors, 'quick_gelu', what),
    text_encoder_2: (tensors, what) => deriveTextConfig(tensors, 'gelu', what),
  },
  tokenizers: { tokenizer: 'clip', tokenizer_2: 'open-clip' },
  statedConfigs: edmConfigs,
  async schedulerConfig(_path, file, told) {
    const edm = await edmSchedulerConfig(file);
    if (edm) return { config: { ...edm, ...(told && { prediction_type: told }) } };
    const config = schedulerConfigOf(
      'EulerDiscreteScheduler',
      declaredPrediction(file, told) ?? predicts('epsilon', file),
      { interpolation_type: 'linear', timestep_spacing: 'leading', use_karras_sigmas: false },
    );
    return { config };
  },
};

const base: UnetVariant = {
  ...common,
  title: 'Stable Diffusion XL',
  textWidth: 2048,
  index: { force_zeros_for_empty_prompt: true },
};

const refiner: UnetVariant = {
  ...common,
  title: 'the refiner of Stable Diffusion XL',
  textWidth: 1280,
  index: { force_zeros_for_empty_prompt: false },
};

export const variants: readonly UnetVariant[] = [base, refiner];

/** CLIP-L; where there is one, it is the first of the two text encoders. */
const firstEncoder = 'conditioner.embedders.0.transformer.';

/**
 * The layout of Stability's generative-models: as Stable Diffusion's, with `conditioner.embedders` for the
 * text encoders.
 */
export const singleFile: SingleFileLayout = {
  mark: unetMark,
  recognise: (path, tensors) =>
    recogniseUnet(path, tensors, {
      variants,
      takesPooledText: true,
      guess(names) {
        const has = (prefix: string) => names.some((name) => name.startsWith(prefix));
        // A UNet alone, of a size that is not published.
        if (!has('conditioner.')) return has(pooledTextMark) && !has('cond_stage_model.') ? base : undefined;
        return has(firstEncoder) ? base : refiner;
      },
    }),
  componentsOf: (tensors) =>
    present({
      unet: unetOf(tensors),
      vae: autoencoderOf(tensors),
      text_encoder: clipTensors(withPrefix(tensors, firstEncoder)),
      // OpenCLIP bigG, the only encoder of the refiner.
      text_encoder_2: openClipTensors(
        new Map([
          ...withPrefix(tensors, 'conditioner.embedders.0.model.'),
          ...withPrefix(tensors, 'conditioner.embedders.1.model.'),
        ]),
        { projection: true },
      ),
    }),
  companions: [
    clipFile('text_encoder', 'l', 'projected'),
    clipFile('text_encoder_2', 'g', 'projected'),
    autoencoderFile(/^sd[-_.]?xl[-_.](.*[-_.])?vae.*$/i, 'sdxl_vae.safetensors'),
  ],
};
