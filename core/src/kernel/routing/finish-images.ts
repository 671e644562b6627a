import type { Image, ValidGenerationResult, ValidImageRequest, Warning } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import type { Masked } from './prepare-masked.js';

/** The images of a plugin as its caller asked for them: put into the original, and encoded. */
export async function finishImages<Outcome extends { readonly made: ValidGenerationResult }>(
  outcome: Outcome,
  asked: ValidImageRequest,
  masked: Pick<Masked, 'finish'> | undefined,
): Promise<Outcome> {
  const painted = masked ? await masked.finish(outcome.made) : outcome.made;
  return { ...outcome, made: await encodeImages(painted, asked) };
}

/** As AVIF files, or at the quality that was asked for: plugins do neither. */
async function encodeImages(
  made: ValidGenerationResult,
  { outputFormat, outputQuality }: Pick<ValidImageRequest, 'outputFormat' | 'outputQuality'>,
): Promise<ValidGenerationResult> {
  if (outputFormat === 'png' || (outputFormat !== 'avif' && outputQuality === undefined)) return made;
  const images: Image[] = [];
  const warnings: Warning[] = [];
  for (const image of made.images)
    try {
      const bytes = new Uint8Array(image.bytes);
      images.push({ ...image, ...(await convertImage(bytes, outputFormat, outputQuality)) });
    } catch (error) {
      // It may have been paid: rather in another format than not at all.
      images.push(image);
      const message = `The image is ${image.mediaType}: it could not be encoded as ${outputFormat} (${(error as Error).message}).`;
      warnings.push({ code: 'parameter-adapted', parameter: 'outputFormat', message });
    }
  return { ...made, images, warnings: [...made.warnings, ...warnings] };
}
