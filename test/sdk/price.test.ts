import { costOf, estimateByPrice, priceSchema } from '@easel/plugin-sdk/provider';
import { describe, expect, it } from 'vitest';

const asOf = '2026-11-30';
const image = { width: 1024, height: 1024 };
const asked = { ...image, n: 3 };

describe('a price', () => {
  it('has to name something: one that names nothing would make every image free', () => {
    expect(priceSchema.safeParse({ asOf }).success).toBe(false);
    expect(priceSchema.safeParse({ asOf, secondsAnImage: 3 }).success).toBe(false);
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1'])
      expect(priceSchema.safeParse({ asOf, image: bad }).success).toBe(false);
    expect(costOf(priceSchema.parse({ asOf, image: 0 }), [image])).toEqual({ amount: 0, currency: 'USD' });
  });

  it('goes by images, and by begun millions of their pixels', () => {
    const price = priceSchema.parse({ asOf, image: 0.01, megapixel: 0.02 });
    expect(costOf(price, [image, { width: 512, height: 512 }])?.amount).toBeCloseTo(0.08);
    expect(estimateByPrice(price, asked)?.amount).toBeCloseTo(0.15);
  });

  it('by the second is not known where nobody tells the seconds', () => {
    const price = priceSchema.parse({ asOf, second: 0.001 });
    expect(costOf(price, [image])).toBeUndefined();
    expect(estimateByPrice(price, asked)).toBeUndefined();
    expect(costOf(price, [image], 20)?.amount).toBeCloseTo(0.02);
    const told = priceSchema.parse({ asOf, second: 0.001, secondsAnImage: 30 });
    expect(estimateByPrice(told, asked)?.amount).toBeCloseTo(0.09);
  });
});
