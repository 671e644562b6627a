import { EaselError, type InputImage } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';
import { type RgbPicture, resizeLanczos } from '../pipelines/lanczos.js';
import type { Source } from '../pipelines/picture-request.js';
import { toMask, toPlanes } from '../pipelines/pixels.js';
import type { SourceFiles } from './engine-call.js';

/** How far a picture may be stretched along one edge before its caller is told. */
const unseenStretch = 1.02;

/**
 * Decodes the pictures of a request and brings them to its size: what diffusers' `VaeImageProcessor` does,
 * with whatever stretching that takes.
 *
 * @throws ERR_REQUEST_INVALID for a file that cannot be read, and for a mask of another size than its picture
 */
export async function readSource(
  { image, others = [], mask }: SourceFiles,
  width: number,
  height: number,
): Promise<{ readonly source: Source; readonly warnings: readonly string[] }> {
  const picture = await decodeImage(image, 'inputImages.0');
  const further = await Promise.all(
    others.map((each, index) => decodeImage(each, `inputImages.${index + 1}`)),
  );
  const maskPicture = mask && (await decodeImage(mask, 'mask'));
  if (maskPicture && (maskPicture.width !== picture.width || maskPicture.height !== picture.height)) {
    refuse(
      'mask',
      `it is ${sizeOf(maskPicture)} and its picture ${sizeOf(picture)}.`,
      'Send a mask of the size of the input image.',
    );
  }
  const stretch = (width * picture.height) / (height * picture.width);
  const isStretched = Math.max(stretch, 1 / stretch) > unseenStretch;
  return {
    source: {
      kind: 'picture',
      planes: toPlanes(resizeLanczos(picture, width, height).rgb),
      mask: maskPicture && toMask(resizeLanczos(maskPicture, width, height).rgb),
      originals: [picture, ...further],
    },
    warnings: isStretched
      ? [`The input image was stretched from ${sizeOf(picture)} to ${width} x ${height} pixels.`]
      : [],
  };
}

/**
 * Upright, eight bits, three channels: transparency is dropped, as Pillow's `convert("RGB")` drops it.
 *
 * @param field for messages
 * @throws ERR_REQUEST_INVALID for a file that cannot be read
 */
export async function decodeImage({ bytes, mediaType }: InputImage, field: string): Promise<RgbPicture> {
  try {
    return await withImage(bytes, async ({ format, image }) => {
      if (`image/${format}` !== mediaType) throw new Error(`its bytes are ${format}`);
      const { data, info } = await image
        .autoOrient()
        .toColourspace('srgb')
        .removeAlpha()
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      return { rgb: data, width: info.width, height: info.height };
    });
  } catch (cause) {
    refuse(field, `it cannot be read as ${mediaType}: ${(cause as Error).message}`, undefined, cause);
  }
}

const sizeOf = ({ width, height }: { width: number; height: number }) => `${width} x ${height}`;

function refuse(field: string, what: string, hint?: string, cause?: unknown): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', field, message: `${field}: ${what}`, hint, cause });
}
