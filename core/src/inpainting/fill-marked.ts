import { withImage } from '@easel/plugin-sdk/images';
import { greyOf, limits, type Mask } from './mask.js';

/** Standard deviations in pixels, and how often each is laid over the one before. A1111: `masking.fill`. */
const blurs = [
  { sigma: 256, times: 1 },
  { sigma: 64, times: 1 },
  { sigma: 16, times: 2 },
  { sigma: 4, times: 4 },
  { sigma: 2, times: 2 },
] as const;
/**
 * A wide blur is made of a smaller image: its result is the same to the eye, and a kernel of its width would
 * take seconds.
 */
const widestBlur = 16;

/** An image whose marked part is replaced by the colours around it, blurred into it. */
export async function fillMarked(png: Uint8Array, mask: Mask): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height } = mask;
  const raw = { width, height, channels: 4 } as const;
  const kept = await withImage(
    png,
    async ({ image }) => {
      const alpha = (await greyOf(mask.png, mask)).map((value) => 255 - value);
      const joined = image
        .flatten()
        .toColourspace('srgb')
        .joinChannel(Buffer.from(alpha), {
          raw: { width, height, channels: 1 },
        });
      return await joined.png({ compressionLevel: 1 }).toBuffer();
    },
    limits,
  );
  const layers: { input: Buffer; raw: typeof raw }[] = [];
  for (const { sigma, times } of blurs) {
    const shrink = Math.max(1, Math.floor(sigma / widestBlur));
    const small = await withImage(
      kept,
      ({ image }) =>
        image
          .resize(Math.ceil(width / shrink), Math.ceil(height / shrink), { fit: 'fill' })
          .blur(sigma / shrink)
          .png({ compressionLevel: 1 })
          .toBuffer(),
      limits,
    );
    const input = await withImage(
      small,
      ({ image }) => image.resize(width, height, { fit: 'fill' }).raw().toBuffer(),
      limits,
    );
    for (let time = 0; time < times; time++) layers.push({ input, raw });
  }
  const filled = await withImage(
    kept,
    async ({ image }) =>
      await image
        .composite([...layers, { input: kept }])
        .removeAlpha()
        .png({ compressionLevel: 1 })
        .toBuffer(),
    limits,
  );
  return new Uint8Array(filled);
}
