import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';

type InputImage = GenerationRequest['inputImages'][number];

/**
 * A mask as OpenAI has it: transparent where it is to be painted anew, of the contract's, which is white
 * there.
 *
 * @throws EaselError ERR_REQUEST_INVALID for an image that cannot be read
 */
export async function transparentMask({ bytes }: InputImage): Promise<InputImage> {
  try {
    const painted = await withImage(bytes, async ({ image }) => {
      const { data, info } = await image
        .removeAlpha()
        .toColourspace('b-w')
        .extractChannel(0)
        .negate()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const { width, height } = info;
      const { default: sharp } = await import('sharp');
      return await sharp({ create: { width, height, channels: 3, background: 'black' } })
        .joinChannel(data, { raw: { width, height, channels: 1 } })
        .png()
        .toBuffer();
    });
    return { bytes: new Uint8Array(painted), mediaType: 'image/png' };
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'mask',
      message: `mask: ${(cause as Error).message}.`,
      cause,
    });
  }
}
