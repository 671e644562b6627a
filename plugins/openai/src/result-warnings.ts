import type { EaselError, GenerationRequest, Image, Warning } from '@easel/plugin-sdk';

/** Says how many images are missing, and why. */
export function missingWarnings(
  { n }: Pick<GenerationRequest, 'n'>,
  { images, failure }: { readonly images: readonly Image[]; readonly failure: EaselError | undefined },
): Warning[] {
  if (images.length >= n) return [];
  const why = failure ? `; then: ${failure.code}: ${failure.message}` : '';
  return [{ code: 'other', parameter: 'n', message: `${images.length} of ${n} images were made${why}` }];
}

/** Says where an image has another size than was asked for. */
export function sizeWarnings(
  { width, height }: Pick<GenerationRequest, 'width' | 'height'>,
  images: readonly Pick<Image, 'width' | 'height'>[],
): Warning[] {
  const other = images.find((image) => image.width !== width || image.height !== height);
  if (!other) return [];
  const message = `size: ${width}x${height} was asked for, and ${other.width}x${other.height} was made.`;
  return [{ code: 'parameter-adapted', parameter: 'width', message }];
}
