import { expect, test } from 'vitest';
import { fromHalves, toHalves } from './half-floats.js';

test('every half comes back as it was', () => {
  const finite = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7c00) !== 0x7c00,
  );
  expect(toHalves(fromHalves(finite))).toEqual(finite);
});

test.each([
  ['ties to even, down', 1 + 2 ** -11, 0x3c00],
  ['ties to even, up', 1 + 3 * 2 ** -11, 0x3c02],
  ['the largest', 65519, 0x7bff],
  ['beyond the largest', 65520, 0x7c00],
  ['half of the smallest', 2 ** -25, 0],
  ['over half of the smallest', 2 ** -24.9, 1],
  ['minus infinity', Number.NEGATIVE_INFINITY, 0xfc00],
  ['not a number', Number.NaN, 0x7e00],
])('%s', (_, value, half) => {
  expect(toHalves(Float32Array.of(value))[0]).toBe(half);
});
