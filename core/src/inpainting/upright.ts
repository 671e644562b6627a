import { withImage } from '@easel/plugin-sdk/images';
import { limits } from './mask.js';
import type { Size } from './region.js';

/**
 * An image as people see it, in sRGB: turned as its metadata says, and brought to a size where one is given.
 * One that is so already stays byte for byte.
 */
export async function upright(bytes: Uint8Array, size?: Size): Promise<Uint8Array> {
  return await withImage(
    bytes,
    async ({ image }) => {
      const { width, height, orientation = 1, space } = await image.metadata();
      const isOfSize = !size || (size.width === width && size.height === height);
      if (orientation === 1 && space === 'srgb' && isOfSize) return bytes;
      const turned = image.autoOrient().toColourspace('srgb');
      return await (size ? turned.resize(size.width, size.height, { fit: 'fill' }) : turned)
        .png({ compressionLevel: 1 })
        .toBuffer();
    },
    limits,
  );
}
