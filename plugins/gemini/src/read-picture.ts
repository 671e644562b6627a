import { EaselError, type Image, type OutputFormat } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';

/**
 * A picture of an answer, in the format that was asked for. One that has it already stays byte for byte, with
 * the marks that Google puts into it. What its first bytes say counts, not its media type.
 */
export async function readPicture(
  bytes: Uint8Array<ArrayBuffer>,
  outputFormat: OutputFormat,
): Promise<Image> {
  try {
    return await convertImage(bytes, outputFormat);
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `Google sent a picture that cannot be read, and that may have been paid: ${(cause as Error).message}`,
      mayBePaid: true,
      cause,
    });
  }
}
