import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { FileVariant, RecognisedFile, Tensors } from '../single-file-layout.js';
import { originalLayersPerLevel, unetPathOf } from './original-unet-names.js';
import { renamed, withPrefix } from './renamed-tensors.js';

const prefix = 'model.diffusion_model.';

/** A tensor of each single file with a UNet. */
export const unetMark = `${prefix}input_blocks.0.0.weight`;

/** A tensor of each UNet that is told a pooled text and sizes beside the tokens. */
export const pooledTextMark = `${prefix}label_emb.0.0.weight`;

/** A model of a family that is told by the width of the text that its UNet reads. */
export interface UnetVariant extends FileVariant {
  readonly textWidth: number;
}

/** The UNet of a single file, under diffusers' names. Empty where it has none. */
export function unetOf(tensors: Tensors): Tensors {
  const own = withPrefix(tensors, prefix);
  const layers = originalLayersPerLevel(own.keys());
  return renamed(own, (name) => unetPathOf(name, layers));
}

/** The width of the text that a UNet reads, by its first cross-attention; undefined where it has none. */
export function textWidthOf(unet: Tensors): number | undefined {
  for (const [name, { shape }] of unet) {
    if (name.endsWith('.attn2.to_k.weight')) return shape[1];
  }
  return undefined;
}

/** How the models of a family are told from those of others with the same UNet. */
export interface UnetFamily {
  readonly variants: readonly UnetVariant[];
  /** Whether the UNet is told a pooled text and sizes beside the tokens. */
  readonly takesPooledText: boolean;
  /**
   * For files of no published size, such as small models for tests: which one it may be, by its text
   * encoders.
   */
  guess(names: readonly string[]): UnetVariant | undefined;
}

/**
 * Recognises a single file by its UNet.
 *
 * @throws ERR_MODEL_FILES_INVALID for a UNet of the family's size that is told something else than the
 * family's
 */
export function recogniseUnet(
  path: string,
  tensors: Tensors,
  { variants, takesPooledText, guess }: UnetFamily,
): RecognisedFile | undefined {
  if (!tensors.has(unetMark)) return undefined;
  const width = textWidthOf(withPrefix(tensors, prefix));
  const variant = variants.find(({ textWidth }) => textWidth === width);
  if (!variant) {
    const guessed = guess([...tensors.keys()]);
    return guessed && { variant: guessed, isCertain: false };
  }
  if (tensors.has(pooledTextMark) !== takesPooledText) {
    throw invalidFiles(
      `${path} is like ${variant.title}, but its denoising network takes ${takesPooledText ? 'no' : 'further'} embeddings: such variants are not supported.`,
    );
  }
  return { variant, isCertain: true };
}

/**
 * Makes sure that a UNet is of a published size, so that the rest of its config is known.
 *
 * @param widths of the text that the published ones read
 * @throws ERR_MODEL_FILES_INVALID for any other
 */
export function requirePublishedSize(unet: Tensors, widths: readonly number[], what: string): void {
  const width = textWidthOf(unet);
  if (width !== undefined && widths.includes(width)) return;
  throw invalidFiles(
    `The size of ${what} is not a published one: it reads text ${width} wide, and not ${widths.join(' or ')}.`,
    'Give a folder with the config files of the model, laid out like a diffusers folder.',
  );
}
