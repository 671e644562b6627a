import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { TensorLocation } from '../checkpoint/safetensors.js';
import type { SingleFileParts } from './single-file-parts.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

/** The kinds of checkpoint that this engine runs. */
export type Family =
  | 'stable-diffusion-1'
  | 'stable-diffusion-2'
  | 'stable-diffusion-xl'
  | 'stable-diffusion-xl-refiner';

export const familyTitles: Readonly<Record<Family, string>> = {
  'stable-diffusion-1': 'Stable Diffusion 1',
  'stable-diffusion-2': 'Stable Diffusion 2',
  'stable-diffusion-xl': 'Stable Diffusion XL',
  'stable-diffusion-xl-refiner': 'the refiner of Stable Diffusion XL',
};

/** By the width of the text that the denoising network reads. */
const familiesByContext: ReadonlyMap<number, Family> = new Map([
  [768, 'stable-diffusion-1'],
  [1024, 'stable-diffusion-2'],
  [2048, 'stable-diffusion-xl'],
  [1280, 'stable-diffusion-xl-refiner'],
]);

/** Other things that come as one .safetensors file, by a name in it. */
const foreign: readonly { readonly name: RegExp; readonly what: string }[] = [
  { name: /(^|\.)double_blocks\./, what: 'a FLUX checkpoint' },
  { name: /(^|\.)joint_blocks\./, what: 'a Stable Diffusion 3 checkpoint' },
  { name: /^control_model\.|^controlnet_|^input_hint_block\./, what: 'a ControlNet' },
  { name: /lora|hada_w1|lokr_w1/, what: 'a LoRA, which changes a checkpoint and is none' },
  { name: /^(down_blocks|up_blocks|text_model)\./, what: 'one network of a diffusers folder' },
  { name: /^(first_stage_model\.)?(encoder|decoder)\./, what: 'an autoencoder alone' },
  { name: /^(emb_params|clip_[lg]|\*)$/, what: 'a textual inversion' },
];

/** The width of the text that a denoising network reads, by its first cross-attention; `undefined` when it has none. */
export function contextWidthOf(unet: Tensors): number | undefined {
  for (const [name, { shape }] of unet) {
    if (name.endsWith('.attn2.to_k.weight')) return shape[1];
  }
  return undefined;
}

/** The family whose denoising network reads text of that width. */
export function familyOfContext(width: number | undefined): Family | undefined {
  return width === undefined ? undefined : familiesByContext.get(width);
}

/**
 * Tells the family of a single file: by the width of its text where that is one of the published models', or else (small models for tests)
 * by which text encoders it has.
 *
 * @throws ERR_MODEL_FILES_INVALID saying what the file is instead
 */
export function familyOf(file: string, names: Iterable<string>, parts: SingleFileParts): Family {
  const { unet, textEncoder, textEncoder2 } = parts;
  if (!unet?.has('conv_in.weight')) {
    const list = [...names];
    const known = foreign.find(({ name }) => list.some((each) => name.test(each)));
    throw invalidFiles(
      `${file} is no single-file checkpoint of Stable Diffusion: it has no "model.diffusion_model.input_blocks.0.0.weight"${known ? `, and looks like ${known.what}` : ''}.`,
      'Use a checkpoint of Stable Diffusion 1, 2 or XL in one .safetensors file, or a diffusers folder.',
    );
  }
  const byContext = familyOfContext(contextWidthOf(unet));
  const hasPooledText = unet.has('add_embedding.linear_1.weight');
  if (byContext && byContext.startsWith('stable-diffusion-xl') !== hasPooledText) {
    throw invalidFiles(
      `${file} is like ${familyTitles[byContext]}, but its denoising network takes ${hasPooledText ? 'further' : 'no'} embeddings: such variants are not supported.`,
    );
  }
  if (byContext) return byContext;
  if (textEncoder2) return textEncoder ? 'stable-diffusion-xl' : 'stable-diffusion-xl-refiner';
  const isOpenClip = [...names].some((name) => name.startsWith('cond_stage_model.model.'));
  return isOpenClip ? 'stable-diffusion-2' : 'stable-diffusion-1';
}
