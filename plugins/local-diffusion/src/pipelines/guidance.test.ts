import { expect, test } from 'vitest';
import { keepNorms } from './guidance.js';

const normOf = (values: Float32Array, places: readonly number[]) =>
  Math.hypot(...places.map((at) => values[at]!));

test('each patch of a guided prediction keeps its direction, and has the norm of the conditional one', () => {
  // Two images of two channels, two rows of four: two patches each.
  const shape = [2, 2, 4];
  const conditional = Float32Array.from({ length: 32 }, (_, index) => Math.sin(3 * index + 1));
  const before = conditional.map((value, index) => 4 * value + Math.cos(index));
  const guided = before.slice();
  keepNorms(guided, conditional, shape, 2);
  for (const image of [0, 16]) {
    for (const column of [0, 2]) {
      const places = [0, 8].flatMap((channel) =>
        [0, 1, 4, 5].map((place) => image + channel + column + place),
      );
      expect(normOf(guided, places)).toBeCloseTo(normOf(conditional, places), 5);
      const factors = places.map((at) => guided[at]! / before[at]!);
      for (const factor of factors) expect(factor).toBeCloseTo(factors[0]!, 5);
    }
  }
});

test('a patch of zeros stays one', () => {
  const guided = new Float32Array(8);
  keepNorms(guided, new Float32Array(8).fill(1), [2, 2, 2], 2);
  expect([...guided]).toEqual(new Array(8).fill(0));
});
