import { expect, test } from 'vitest';
import { readPosterior } from './posterior.js';

test('draws around the means, as far as the variances reach, and scales', () => {
  const moments = Float32Array.of(1, -2, 0.5, 0.25, 0, Math.log(4), 99, -99);
  const posterior = readPosterior(moments, { scaling: 0.5, means: [0.25], deviations: [1] });
  expect(posterior.count).toBe(4);
  const none = posterior.draw(new Float32Array(4));
  expect([...none]).toEqual([0.375, -1.125, 0.125, 0]);
  const drawn = posterior.draw(Float32Array.of(1, 1, 1, 1));
  expect(drawn[0]).toBeCloseTo(0.875, 6);
  expect(drawn[1]).toBeCloseTo(-0.125, 6);
  // Logarithms of variances are clamped to -30..20.
  expect(drawn[2]).toBeCloseTo(0.125 + 0.5 * Math.exp(10), 1);
  expect(drawn[3]! - none[3]!).toBeCloseTo(0.5 * Math.exp(-15), 8);
});

test('brings each channel to its own mean and deviation', () => {
  const moments = Float32Array.of(1, 3, 0, 0);
  const posterior = readPosterior(moments, { scaling: 0.5, means: [0, 1], deviations: [2, 4] });
  expect([...posterior.draw(new Float32Array(2))]).toEqual([0.25, 0.25]);
});
