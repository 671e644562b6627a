import type { Sharp } from 'sharp';
import type { Image, OutputFormat } from '../image.js';
import { withImage } from './with-image.js';

const lossyQuality = 95;
/** AVIF's scale is another one. With less effort than usual, as large images take seconds otherwise. */
const avif = { quality: 85, effort: 3 };

/**
 * An image that a provider has sent, in the format that was asked for. One that has it already stays byte for
 * byte, unless a quality is asked for. What its bytes say counts, not what it is called.
 *
 * @param quality 0 to 100. Absent: no eye sees a loss
 * @throws Error that says why it cannot be read
 */
export async function convertImage(
  bytes: Uint8Array<ArrayBuffer>,
  outputFormat: OutputFormat,
  quality?: number,
): Promise<Omit<Image, 'seed'>> {
  const mediaType = `image/${outputFormat}`;
  return await withImage(bytes, async ({ format, width, height, image }) => {
    if (format === outputFormat && quality === undefined) return { bytes, mediaType, width, height };
    const { data, info } = await encodeAs(image, outputFormat, quality).toBuffer({ resolveWithObject: true });
    return { bytes: new Uint8Array(data), mediaType, width: info.width, height: info.height };
  });
}

/**
 * An image that is going to be encoded in a format.
 *
 * @param quality 0 to 100; PNG has none. Absent: no eye sees a loss
 */
export function encodeAs(image: Sharp, format: OutputFormat, quality?: number): Sharp {
  if (format === 'png') return image.png();
  // The encoders begin at 1.
  const chosen = quality === undefined ? {} : { quality: Math.max(1, quality) };
  return format === 'avif'
    ? image.avif({ ...avif, ...chosen })
    : image.toFormat(format, { quality: lossyQuality, ...chosen });
}
