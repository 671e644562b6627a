import type { Sharp } from 'sharp';
import type { Image, OutputFormat } from '../image.js';
import { withImage } from './with-image.js';

const lossyQuality = 95;
/** AVIF's scale is another one. With less effort than usual, as large images take seconds otherwise. */
const avif = { quality: 85, effort: 3 };

/**
 * An image that a provider has sent, in the format that was asked for. One that has it already stays byte for
 * byte. What its bytes say counts, not what it is called.
 *
 * @throws Error that says why it cannot be read
 */
export async function convertImage(
  bytes: Uint8Array<ArrayBuffer>,
  outputFormat: OutputFormat,
): Promise<Omit<Image, 'seed'>> {
  const mediaType = `image/${outputFormat}`;
  return await withImage(bytes, async ({ format, width, height, image }) => {
    if (format === outputFormat) return { bytes, mediaType, width, height };
    const { data, info } = await encodeAs(image, outputFormat).toBuffer({ resolveWithObject: true });
    return { bytes: new Uint8Array(data), mediaType, width: info.width, height: info.height };
  });
}

/** An image that is going to be encoded in a format, at a quality at which no eye sees a loss. */
export const encodeAs = (image: Sharp, format: OutputFormat): Sharp =>
  format === 'avif'
    ? image.avif(avif)
    : image.toFormat(format, format === 'png' ? {} : { quality: lossyQuality });
