import { z } from 'zod';
import type { GenerationRequest } from '../generation.js';
import type { Image } from '../image.js';
import type { GenerationResult } from '../result.js';

const dollars = z.number().nonnegative();

/**
 * What a model costs, for providers that do not tell with the answer: part of the options of its catalogue
 * entry.
 */
export const priceSchema = z
  .strictObject({
    image: dollars.optional().describe('US dollars an image. Absent: 0.'),
    megapixel: dollars
      .optional()
      .describe('US dollars a million pixels of an image, begun ones as whole. Absent: 0.'),
    second: dollars.optional().describe('US dollars a second of computing. Absent: 0.'),
    secondsAnImage: z
      .number()
      .positive()
      .optional()
      .describe(
        'Seconds of computing that an image takes at most, for estimates. Absent: what is paid by the second cannot be told before.',
      ),
    asOf: z.iso.date().describe('When these prices were looked up.'),
  })
  // One that names none would make every image free, for budgets as well.
  .refine(({ image, megapixel, second }) => (image ?? megapixel ?? second) !== undefined, {
    error: 'names none of image, megapixel and second',
  });
export type Price = z.output<typeof priceSchema>;

/**
 * What images cost. Undefined: the price is not known, or the seconds are not that it goes by.
 *
 * @param seconds of computing. Absent: not told
 */
export function costOf(
  price: Price | undefined,
  images: readonly Pick<Image, 'width' | 'height'>[],
  seconds?: number,
): GenerationResult['cost'] {
  if (!price) return undefined;
  const { image = 0, megapixel = 0, second = 0 } = price;
  if (second > 0 && seconds === undefined) return undefined;
  const each = images.map(({ width, height }) => image + megapixel * Math.ceil((width * height) / 1e6));
  const amount = each.reduce((sum, one) => sum + one, 0) + second * (seconds ?? 0);
  return { amount: Number(amount.toFixed(8)), currency: 'USD' };
}

/** What a call will cost, at most. Undefined: that cannot be known before. */
export function estimateByPrice(
  price: Price | undefined,
  { n, width, height }: Pick<GenerationRequest, 'n' | 'width' | 'height'>,
): GenerationResult['cost'] {
  const images = Array.from({ length: n }, () => ({ width, height }));
  const { secondsAnImage } = price ?? {};
  return costOf(price, images, secondsAnImage === undefined ? undefined : n * secondsAnImage);
}
