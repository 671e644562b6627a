import { expect, test } from 'vitest';
import { latentsToPlanes } from '../../pipelines/latents-to-rgb.js';
import { colours } from './latents.js';
import { toPlaces } from './packed-channels.js';

test('a channel of the autoencoder has its colour, wherever it is packed', () => {
  const channel = 8;
  const latents = new Float32Array(32 * 4);
  latents.fill(2, 4 * channel, 4 * channel + 4);
  const statistics = { means: new Float32Array(128), deviations: new Float32Array(128).fill(1) };
  const { data, shape } = toPlaces({ data: latents, shape: [1, 32, 2, 2] }, statistics);
  expect(shape).toEqual([1, 128, 1, 1]);
  const planes = latentsToPlanes(data as Float32Array, colours);
  const expected = [-0.3527 * 2 - 0.0329, -0.2712 * 2 - 0.0718, -0.1666 * 2 - 0.0851];
  for (const [colour, value] of expected.entries()) expect(planes[colour]).toBeCloseTo(value, 5);
});
