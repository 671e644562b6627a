import { expect, test } from 'vitest';
import { resizeLanczos } from './lanczos.js';

const picture = (values: readonly number[], width: number, height: number) => ({
  rgb: Uint8Array.from(values.flatMap((value) => [value, 255 - value, 7])),
  width,
  height,
});
const channel = (rgb: Uint8Array, which: number) => [...rgb.filter((_, index) => index % 3 === which)];
const line = [0, 255, 10, 200, 90, 91, 17, 255, 255, 3];

// Worked out apart from this code, after Pillow's src/libImaging/Resample.c.
test.each([
  [4, [112, 115, 111, 168]],
  [7, [99, 127, 134, 92, 53, 255, 79]],
  [15, [0, 143, 242, 34, 84, 207, 111, 88, 75, 8, 122, 255, 255, 111, 0]],
])('makes %i pixels of ten as Pillow does, along rows and along columns', (length, expected) => {
  const wide = resizeLanczos(picture(line, 10, 1), length, 1);
  expect([wide.width, wide.height]).toEqual([length, 1]);
  expect(channel(wide.rgb, 0)).toEqual(expected);
  expect(channel(wide.rgb, 2)).toEqual(expected.map(() => 7));
  expect(channel(resizeLanczos(picture(line, 1, 10), 1, length).rgb, 0)).toEqual(expected);
});

test('leaves a picture of that size as it is, and a plain one plain', () => {
  const same = picture(line, 5, 2);
  expect(resizeLanczos(same, 5, 2).rgb).toEqual(same.rgb);
  const plain = picture(new Array(12 * 9).fill(201), 12, 9);
  expect(new Set(channel(resizeLanczos(plain, 31, 4).rgb, 0))).toEqual(new Set([201]));
});
