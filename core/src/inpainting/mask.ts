import type { InputImage } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';
import type { Region, Size } from './region.js';

/** A mask as a grey PNG of the size of its image: white is painted, black is kept. */
export interface Mask extends Size {
  readonly png: Uint8Array<ArrayBuffer>;
}

/** Seconds that an operation on an image may take. */
export const limits = { seconds: 60 } as const;

/** Pixels of an image as people see it, its orientation heeded. */
export async function sizeOf({ bytes }: Pick<InputImage, 'bytes'>): Promise<Size> {
  return await withImage(bytes, async ({ image }) => (await image.metadata()).autoOrient, limits);
}

/** A mask brought to the size of its image, with a blurred edge where one is asked for. */
export async function readMask(
  { bytes }: Pick<InputImage, 'bytes'>,
  { width, height }: Size,
  blur: number,
): Promise<Mask> {
  const png = await withImage(
    bytes,
    ({ image }) => {
      const grey = image.autoOrient().flatten().greyscale().resize(width, height, { fit: 'fill' });
      return toGrey(blur < leastBlur ? grey : grey.blur(blur)).toBuffer();
    },
    limits,
  );
  return { png: new Uint8Array(png), width, height };
}

/** The smallest standard deviation that the blur takes. */
const leastBlur = 0.3;

type Opened = Parameters<Parameters<typeof withImage>[1]>[0]['image'];

/** An operation's outcome as a grey PNG. */
export const toGrey = (image: Opened): Opened => image.toColourspace('b-w').png({ compressionLevel: 1 });

/** The smallest region that holds all that is painted. Undefined: nothing is. */
export async function markedRegion(mask: Mask): Promise<Region | undefined> {
  const grey = await greyOf(mask.png, mask);
  const { width, height } = mask;
  const black = Buffer.alloc(width);
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = grey.subarray(y * width, (y + 1) * width);
    if (row.equals(black)) continue;
    if (top < 0) top = y;
    bottom = y;
    while (left > 0 && !row.subarray(0, left).equals(black.subarray(0, left))) left--;
    while (right < width - 1 && !row.subarray(right + 1).equals(black.subarray(right + 1))) right++;
  }
  if (top < 0) return undefined;
  return { left, top, width: right + 1 - left, height: bottom + 1 - top };
}

/** The mask's values, a byte a pixel. */
export async function greyOf(png: Uint8Array, { width, height }: Size): Promise<Buffer> {
  return await withImage(
    png,
    ({ image }) => image.resize(width, height, { fit: 'fill' }).toColourspace('b-w').raw().toBuffer(),
    { ...limits, workBytes: width * height },
  );
}
