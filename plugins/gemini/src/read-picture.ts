import { EaselError, type Image, type OutputFormat } from '@easel/plugin-sdk';
import sharp from 'sharp';
import type { InlinePicture } from './answer.js';

const lossyQuality = 95;

/**
 * A picture of an answer, in the format that was asked for. One that has it already stays byte for byte, with the marks that Google puts
 * into it. What its first bytes say counts, not its media type.
 */
export async function readPicture({ data }: InlinePicture, outputFormat: OutputFormat): Promise<Image> {
  const bytes = Buffer.from(data, 'base64');
  const mediaType = `image/${outputFormat}`;
  try {
    const { format, width, height } = await sharp(bytes).metadata();
    if (format === outputFormat) return { bytes: new Uint8Array(bytes), mediaType, width, height };
    const converted = await sharp(bytes)
      .toFormat(outputFormat, outputFormat === 'png' ? {} : { quality: lossyQuality })
      .toBuffer({ resolveWithObject: true });
    const { info } = converted;
    return { bytes: new Uint8Array(converted.data), mediaType, width: info.width, height: info.height };
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `Google sent a picture that cannot be read: ${(cause as Error).message}`,
      cause,
    });
  }
}
