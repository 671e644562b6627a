import type { GenerationRequest, Warning } from '@easel/plugin-sdk';
import type { ImageSize, Options } from './settings.js';

export interface ImageConfig {
  /** Absent: that of the input picture. */
  readonly aspectRatio?: string;
  /** Absent: the model makes one size only. */
  readonly imageSize?: ImageSize;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Edge of a square of each size, in pixels: ai.google.dev/gemini-api/docs/image-generation. */
const edges: Readonly<Record<ImageSize, number>> = { '512': 512, '1K': 1024, '2K': 2048, '4K': 4096 };

/** How far two lengths are from each other, the same way up and down. */
const distance = (one: number, other: number) => Math.abs(Math.log(one / other));

const nearest = <T>(all: readonly T[], distanceOf: (one: T) => number): T =>
  all.reduce((best, one) => (distanceOf(one) < distanceOf(best) ? one : best));

/**
 * The shape and the size of the model that come nearest to a width and a height. A picture that is edited in
 * the model's default size keeps its own shape: nobody has asked for another.
 *
 * @param size in pixels
 */
export function chooseImageConfig(
  size: Size,
  { aspectRatios, imageSizes }: Pick<Options, 'aspectRatios' | 'imageSizes'>,
  edited: { readonly count: number; readonly defaults: Size },
): ImageConfig {
  const { width, height } = size;
  const [first = '1:1', ...others] = aspectRatios;
  const aspectRatio = nearest([first, ...others], (ratio) => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return distance(width / height, across / down);
  });
  const isDefault = width === edited.defaults.width && height === edited.defaults.height;
  const edge = Math.sqrt(width * height);
  return {
    ...(edited.count > 0 && isDefault ? {} : { aspectRatio }),
    ...(imageSizes.length < 2
      ? {}
      : { imageSize: nearest(imageSizes, (imageSize) => distance(edge, edges[imageSize])) }),
  };
}

/** The same for a request. */
export const imageConfigOf = (
  { model, width, height, inputImages }: GenerationRequest,
  options: Pick<Options, 'aspectRatios' | 'imageSizes' | 'previousTurn'>,
): ImageConfig => {
  const count = inputImages.length + (options.previousTurn === undefined ? 0 : 1);
  return chooseImageConfig({ width, height }, options, { count, defaults: model.defaults });
};

/** Says where pictures are not of the size that was asked for. */
export function sizeWarnings(asked: Size, made: readonly Size[], config: ImageConfig): Warning[] {
  const [first] = made;
  if (!first) return [];
  const { aspectRatio = 'the shape of the input picture', imageSize } = config;
  const how = imageSize === undefined ? aspectRatio : `${aspectRatio} at ${imageSize}`;
  return (['width', 'height'] as const)
    .filter((edge) => first[edge] !== asked[edge])
    .map((parameter) => ({
      code: 'parameter-adapted',
      parameter,
      message: `${parameter} ${asked[parameter]} became ${first[parameter]}: the model makes a few shapes and sizes only, here ${how}.`,
    }));
}
