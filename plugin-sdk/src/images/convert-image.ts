import type { Image, OutputFormat } from '../image.js';
import { withImage } from './with-image.js';

const lossyQuality = 95;

/**
 * An image that a provider has sent, in the format that was asked for. One that has it already stays byte for byte. What its bytes say counts,
 * not what it is called.
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
    const { data, info } = await image
      .toFormat(outputFormat, outputFormat === 'png' ? {} : { quality: lossyQuality })
      .toBuffer({ resolveWithObject: true });
    return { bytes: new Uint8Array(data), mediaType, width: info.width, height: info.height };
  });
}
