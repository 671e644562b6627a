import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import sharp from 'sharp';
import { startServer } from './server.js';

const fixtures = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

export type Colour = readonly [number, number, number, number?];
export const colours = {
  red: [255, 0, 0],
  blue: [0, 0, 255],
  white: [255, 255, 255],
  black: [0, 0, 0],
  clear: [0, 0, 0, 0],
  clearWhite: [255, 255, 255, 0],
  opaqueBlack: [0, 0, 0, 255],
  opaqueWhite: [255, 255, 255, 255],
} as const satisfies Record<string, Colour>;

/**
 * A PNG whose left half has one colour and whose right half has another; in RGBA where one of them has an
 * opacity.
 */
export async function halves(left: Colour, right: Colour, width = 64, height = width): Promise<Buffer> {
  const channels = left.length === 4 || right.length === 4 ? 4 : 3;
  const pixels = Buffer.alloc(width * height * channels);
  for (let index = 0; index < width * height; index++)
    pixels.set(
      [...(index % width < width / 2 ? left : right), 255].slice(0, channels) as number[],
      index * channels,
    );
  return await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
}

/** An image stored on its side, with the orientation that turns it back for whoever looks at it. */
export const onItsSide = async (image: Buffer, format: 'png' | 'jpeg' | 'webp'): Promise<Buffer> =>
  await sharp(image)
    .rotate(-90)
    .withMetadata({ orientation: 6 })
    .toFormat(format, format === 'webp' ? { lossless: true } : { quality: 100 })
    .toBuffer();

/**
 * The colour of a pixel in each of an image's quarters from left to right, away from their edges; and the
 * size of it.
 */
export async function columnsOf(image: Uint8Array): Promise<{ columns: string[]; size: string }> {
  const { data, info } = await sharp(image)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const row = Math.floor(info.height / 2) * info.width;
  const columns = [1, 3, 5, 7].map((eighth) => {
    const at = (row + Math.floor((eighth * info.width) / 8)) * info.channels;
    return data.subarray(at, at + 3).toString('hex');
  });
  return { columns, size: `${info.width}x${info.height}` };
}

/**
 * A server whose only model paints everything blue, and shows with the prompt "mask" or "image" what it was
 * given.
 */
export const startMaskServer = (
  configuration: ConfigurationInput = {},
  onEnd?: Parameters<typeof startServer>[2],
) =>
  startServer(
    {
      ...configuration,
      pluginFolders: [fixtures('mask-plugins')],
      catalogueFolders: [fixtures('mask-catalogue')],
      currentModel: 'brush',
    },
    {},
    onEnd,
  );
