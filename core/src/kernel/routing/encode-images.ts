import type { Image, ValidGenerationResult, ValidImageRequest, Warning } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';

/** The images of a result as AVIF files where that was asked for: plugins do not make them. */
export async function encodeImages(
  made: ValidGenerationResult,
  { outputFormat }: Pick<ValidImageRequest, 'outputFormat'>,
): Promise<ValidGenerationResult> {
  if (outputFormat !== 'avif') return made;
  const images: Image[] = [];
  const warnings: Warning[] = [];
  for (const image of made.images)
    try {
      images.push({ ...image, ...(await convertImage(new Uint8Array(image.bytes), outputFormat)) });
    } catch (error) {
      // It may have been paid: rather in another format than not at all.
      images.push(image);
      const message = `The image is ${image.mediaType}: it could not be encoded as AVIF (${(error as Error).message}).`;
      warnings.push({ code: 'parameter-adapted', parameter: 'outputFormat', message });
    }
  return { ...made, images, warnings: [...made.warnings, ...warnings] };
}
