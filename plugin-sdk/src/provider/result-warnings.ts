import type { EaselError } from '../errors.js';
import type { GenerationRequest } from '../generation.js';
import type { Image } from '../image.js';
import type { Warning } from '../result.js';

/** Says how many images of a call are missing, and why, and where one has not the size that was asked for. */
export function resultWarnings(
  { n, width, height }: Pick<GenerationRequest, 'n' | 'width' | 'height'>,
  { images, failure }: { readonly images: readonly Image[]; readonly failure?: EaselError | undefined },
): Warning[] {
  const warnings: Warning[] = [];
  if (images.length < n) {
    const why = failure ? `; then: ${failure.code}: ${failure.message}` : '';
    const message = `${images.length} of ${n} images were made${why}`;
    warnings.push({ code: 'other', parameter: 'n', message });
  }
  const other = images.find((image) => image.width !== width || image.height !== height);
  if (other) {
    const message = `size: ${width}x${height} was asked for, and ${other.width}x${other.height} was made.`;
    warnings.push({ code: 'parameter-adapted', parameter: 'width', message });
  }
  return warnings;
}
