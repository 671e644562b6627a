import { EaselError } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { applyWeights } from './apply-weights.js';

const mean = (values: Float32Array) => values.reduce((total, value) => total + value, 0) / values.length;

test('is the very same embeddings when all weights are 1', () => {
  const hidden = Float32Array.of(0.1, Number.NaN, -0, 3);
  expect(applyWeights(hidden, [[1, 1]], 2)).toBe(hidden);
});

test('multiplies each token and gives the chunk its mean back', () => {
  const hidden = Float32Array.of(1, 2, 3, 6);
  const weighted = applyWeights(hidden, [[1, 2]], 2);
  // [1 2 6 12] has the mean 5.25, and 3 is due.
  expect([...weighted]).toEqual([1, 2, 6, 12].map((value) => Math.fround(value * Math.fround(12 / 21))));
  expect(mean(weighted)).toBeCloseTo(3, 6);
  expect([...hidden]).toEqual([1, 2, 3, 6]);
});

test('treats each chunk on its own and leaves neutral ones as they are', () => {
  const hidden = Float32Array.of(0.1, 0.7, 1, 2, 0.3, 5);
  const weights = [
    [1, 1],
    [1, 3],
    [0.5, 0.5],
  ];
  const weighted = applyWeights(hidden, weights, 1);
  expect(weighted.subarray(0, 2)).toEqual(hidden.subarray(0, 2));
  expect(mean(weighted.subarray(2, 4))).toBeCloseTo(1.5, 6);
  expect(weighted[3]! / weighted[2]!).toBeCloseTo(6, 5);
  // The same weight everywhere changes nothing once the mean is back.
  expect(weighted[4]).toBeCloseTo(0.3, 6);
  expect(weighted[5]).toBeCloseTo(5, 6);
});

test('leaves a mean of 0 alone', () => {
  expect([...applyWeights(Float32Array.of(1, 2), [[0, 0]], 1)]).toEqual([0, 0]);
});

test('refuses weights that overflow', () => {
  let error: unknown;
  try {
    applyWeights(Float32Array.of(1, 2), [[1, 1e39]], 1);
  } catch (thrown) {
    error = thrown;
  }
  expect(EaselError.isInstance(error) && error.code).toBe('ERR_REQUEST_INVALID');
  expect(String(error)).toContain('1e+39');
});
