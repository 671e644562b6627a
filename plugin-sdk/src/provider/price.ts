import { z } from 'zod';
import type { GenerationRequest } from '../generation.js';
import type { Image } from '../image.js';
import type { GenerationResult } from '../result.js';

const dollars = z.number().nonnegative();

/**
 * What a model costs, for providers that do not tell with the answer: part of the options of its catalogue
 * entry.
 */
export const priceSchema = z.strictObject({
  image: dollars.default(0).describe('US dollars an image. Absent: 0.'),
  megapixel: dollars
    .default(0)
    .describe('US dollars a million pixels of an image, begun ones as whole. Absent: 0.'),
  second: dollars.default(0).describe('US dollars a second of computing. Absent: 0.'),
  secondsAnImage: z
    .number()
    .positive()
    .optional()
    .describe(
      'Seconds of computing that an image takes at most, for estimates. Absent: what is paid by the second cannot be told before.',
    ),
  asOf: z.iso.date().describe('When these prices were looked up.'),
});
export type Price = z.output<typeof priceSchema>;

/** What images cost. Undefined: the price is not known. */
export function costOf(
  price: Price | undefined,
  images: readonly Pick<Image, 'width' | 'height'>[],
  seconds = 0,
): GenerationResult['cost'] {
  if (!price) return undefined;
  const each = images.map(
    ({ width, height }) => price.image + price.megapixel * Math.ceil((width * height) / 1e6),
  );
  const amount = each.reduce((sum, one) => sum + one, 0) + price.second * seconds;
  return { amount: Number(amount.toFixed(8)), currency: 'USD' };
}

/** What a call will cost, at most. Undefined: that cannot be known before. */
export function estimateByPrice(
  price: Price | undefined,
  { n, width, height }: Pick<GenerationRequest, 'n' | 'width' | 'height'>,
): GenerationResult['cost'] {
  if (!price || (price.second > 0 && price.secondsAnImage === undefined)) return undefined;
  const images = Array.from({ length: n }, () => ({ width, height }));
  return costOf(price, images, n * (price.secondsAnImage ?? 0));
}
