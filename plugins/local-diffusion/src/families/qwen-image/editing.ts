import type { ImageEditing, ImageSize } from '../../pipelines/diffusion-model.js';
import { repeatRows } from '../../pipelines/draws.js';
import { type RgbPicture, resizeLanczos } from '../../pipelines/lanczos.js';
import { roundHalfToEven } from '../../sampling/rounding.js';
import type { Feed } from '../../session/network.js';
import { joinTokens } from '../components/joined-feeds.js';
import { packLatents } from '../components/packed-latents.js';
import { imageMark, type SeeingEncoder, type SeenImage } from '../components/qwen-seeing-encoder.js';
import type { TextReading } from './conditioning.js';
import { centredPlaces } from './token-places.js';

/** What the text model of Qwen-Image-Edit was told in training before each text. */
const system =
  "Describe the key features of the input image (color, shape, size, texture, objects, background), then explain how the user's text instruction should alter or modify the image. Generate a new image that meets the user's requirements while maintaining consistency with the original input where appropriate.";

/** Pixels of an input image for the denoising network; Edit's text model reads as many. */
const editedPixels = 1024 ** 2;
/** Pixels of an input image for the text model of Edit-Plus. */
const describedPixels = 384 ** 2;
/** Edges are multiples of so many pixels. */
const unit = 32;

/** Which of the models it is: Edit changes one image; Edit-Plus several, which have numbers in its texts. */
export type EditingKind = 'one' | 'several';

/** The size with about so many pixels and the shape of an image. diffusers: `calculate_dimensions`. */
export function sizeOfPixels({ width, height }: ImageSize, pixels: number): ImageSize {
  const ratio = width / height;
  const wide = Math.sqrt(pixels * ratio);
  const rounded = (edge: number) => Math.max(1, roundHalfToEven(edge / unit)) * unit;
  return { width: rounded(wide), height: rounded(wide / ratio) };
}

/**
 * How Qwen-Image-Edit reads texts with the images that are to be changed. diffusers:
 * `_get_qwen_prompt_embeds` of `QwenImageEditPipeline` and `QwenImageEditPlusPipeline`.
 */
export async function seeingReading(
  encoder: SeeingEncoder,
  kind: EditingKind,
  images: readonly RgbPicture[],
): Promise<TextReading> {
  const seen: SeenImage[] = [];
  for (const image of images) {
    const { width, height } = sizeOfPixels(image, kind === 'one' ? editedPixels : describedPixels);
    seen.push(await encoder.see(resizeLanczos(image, width, height)));
  }
  const before = seen.map(({ rows, columns }, index) => {
    const marks = `<|vision_start|>${imageMark.repeat(rows * columns)}<|vision_end|>`;
    return kind === 'one' ? marks : `Picture ${index + 1}: ${marks}`;
  });
  return {
    ...{ tokenizer: encoder.tokenizer, width: encoder.width, system },
    before: before.join(''),
    mark: imageMark,
    tokens: Number.POSITIVE_INFINITY,
    read: (ids) => encoder.encodeSeeing(ids, seen),
  };
}

/**
 * The tokens of the images that are changed, behind those that are made, each image with a number of its own.
 */
export const imageEditing: ImageEditing = {
  sizeOf: (image) => sizeOfPixels(image, editedPixels),
  inputs(latents, images) {
    const tokens = latents.map((each): Feed => packLatents(each)).reduce(joinTokens);
    const places = Float32Array.from(
      latents.flatMap(({ shape }, index) => [...centredPlaces(shape[2]!, shape[3]!, index + 1)]),
    );
    const [, count = 0, width = 0] = tokens.shape;
    return {
      edited_tokens: { data: repeatRows(tokens.data as Float32Array, images), shape: [images, count, width] },
      edited_positions: { data: repeatRows(places, images), shape: [images, count, 3] },
    };
  },
};
