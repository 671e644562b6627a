import type { InputImage } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';

/** Values of a channel, 0 to 255. */
export interface Extremes {
  readonly min: number;
  readonly max: number;
}

const limits = { seconds: 10 } as const;

/** The least and the largest opacity of an image. Undefined: it says nothing about opacity. */
export async function opacityOf({ bytes }: InputImage): Promise<Extremes | undefined> {
  return await withImage(
    bytes,
    async ({ image }) => {
      const { hasAlpha } = await image.clone().metadata();
      return hasAlpha ? (await image.stats()).channels.at(-1) : undefined;
    },
    limits,
  );
}

/** The least and the largest value of any colour of an image, whatever its opacity. */
export async function colourOf({ bytes }: InputImage): Promise<Extremes> {
  return await withImage(
    bytes,
    async ({ image }) => {
      const { hasAlpha } = await image.clone().metadata();
      const { channels } = await image.stats();
      const colours = hasAlpha ? channels.slice(0, -1) : channels;
      return {
        min: Math.min(...colours.map(({ min }) => min)),
        max: Math.max(...colours.map(({ max }) => max)),
      };
    },
    limits,
  );
}

/**
 * A mask in the contract's sense, white is painted, of an image whose opacity says where: what is opaque, or
 * what is clear. It is as people see the image: what is written anew keeps no orientation, here and below.
 */
export async function maskOfOpacity({ bytes }: InputImage, painted: 'opaque' | 'clear'): Promise<InputImage> {
  const png = await withImage(
    bytes,
    ({ image }) => {
      // A palette has its opacity only when it is decoded.
      const alpha = image.autoOrient().ensureAlpha().extractChannel('alpha');
      return (painted === 'clear' ? alpha.negate() : alpha.threshold(opaque)).png().toBuffer();
    },
    limits,
  );
  return { bytes: new Uint8Array(png), mediaType: 'image/png' };
}

/** More than half, as Automatic1111 has it. */
const opaque = 129;

/** A mask with white and black exchanged. */
export async function invertMask({ bytes }: InputImage): Promise<InputImage> {
  const png = await withImage(
    bytes,
    ({ image }) => image.autoOrient().removeAlpha().toColourspace('b-w').negate().png().toBuffer(),
    limits,
  );
  return { bytes: new Uint8Array(png), mediaType: 'image/png' };
}

/** An image whose transparent parts are white. */
export async function onWhite(given: InputImage): Promise<InputImage> {
  const opacity = await opacityOf(given);
  if (!opacity || opacity.min === 255) return given;
  const png = await withImage(
    given.bytes,
    ({ image }) =>
      image.autoOrient().flatten({ background: '#ffffff' }).png({ compressionLevel: 1 }).toBuffer(),
    limits,
  );
  return { bytes: new Uint8Array(png), mediaType: 'image/png' };
}
