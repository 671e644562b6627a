import { expect, test } from 'vitest';
import { toMask, toPlanes, toRgb } from './pixels.js';

test('bytes survive the way into planes and back', () => {
  const rgb = Uint8Array.from({ length: 768 }, (_, index) => (index * 7) % 256);
  const planes = toPlanes(rgb);
  expect(planes[0]).toBe(-1);
  expect([planes[1], planes[256], planes[512]]).toEqual(
    [21, 7, 14].map((byte) => Math.fround(2 * Math.fround(byte / 255) - 1)),
  );
  expect(toRgb(planes)).toEqual(rgb);
});

test('a mask is parted in the middle of what the eye sees', () => {
  const pixel = (...rgb: [number, number, number]) => toMask(Uint8Array.from(rgb))[0];
  expect([pixel(127, 127, 127), pixel(128, 128, 128)]).toEqual([0, 1]);
  expect([pixel(0, 255, 0), pixel(255, 0, 255), pixel(255, 255, 0)]).toEqual([1, 0, 1]);
  expect([...toMask(Uint8Array.from([255, 255, 255, 0, 0, 0]))]).toEqual([1, 0]);
});
