import type { Image, OutputFormat } from '@easel/plugin-sdk';
import { encodeAs, withImage } from '@easel/plugin-sdk/images';
import { limits } from './mask.js';
import type { Region, Size } from './region.js';
import { upright } from './upright.js';

/** How what a model has painted comes back into the image that it was painted for. */
export interface Pasting {
  /** What the caller has handed in. */
  readonly original: Uint8Array;
  /** Pixels that the original is brought to, and that the result has. */
  readonly size: Size;
  /** Where the painted image goes in it. */
  readonly region: Region;
  /** What of the painted image, brought to `painted`, goes there. */
  readonly content: Region;
  readonly painted: Size;
  /** A grey PNG: how much of the painted image counts, over `region`. */
  readonly mask: Uint8Array;
  readonly outputFormat: OutputFormat;
}

/** A painted image over the original, as far as the mask says. */
export async function paste(image: Image, pasting: Pasting): Promise<Image> {
  const { original, size, region, content, painted, mask, outputFormat } = pasting;
  const { width, height, left, top } = region;
  const brought = await withImage(
    image.bytes,
    ({ image }) =>
      image
        .flatten()
        .resize(painted.width, painted.height, { fit: 'fill' })
        .extract(content)
        .png({ compressionLevel: 1 })
        .toBuffer(),
    limits,
  );
  const overlay = await withImage(
    brought,
    ({ image }) =>
      image
        .toColourspace('srgb')
        .resize(width, height, { fit: 'fill' })
        .joinChannel(Buffer.from(mask))
        .png({ compressionLevel: 1 })
        .toBuffer(),
    limits,
  );
  const bytes = await withImage(
    await upright(original, size),
    async ({ image }) =>
      await encodeAs(image.composite([{ input: overlay, left, top }]).removeAlpha(), outputFormat).toBuffer(),
    limits,
  );
  return { ...image, ...size, bytes: new Uint8Array(bytes), mediaType: `image/${outputFormat}` };
}
