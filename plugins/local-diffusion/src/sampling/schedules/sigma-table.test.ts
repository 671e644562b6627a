import { expect, test } from 'vitest';
import { roundHalfToEven } from '../rounding.js';
import { neutralConfig } from '../scheduler-config/defaults.js';
import { symmetricBetaQuantile } from './beta-distribution.js';
import { karrasSigmas } from './karras.js';
import { createSigmaTable } from './sigma-table.js';
import { alphasCumprod } from './training-betas.js';

const table = createSigmaTable(alphasCumprod({ ...neutralConfig, beta_schedule: 'scaled_linear' }, true));

test('finds the timestep of a sigma that it made from a timestep', () => {
  for (const timestep of [1, 250, 500.5, 998]) {
    expect(table.timestepOf(table.sigmaAt(timestep))).toBeCloseTo(timestep, 2);
  }
  expect(table.timestepOf(0)).toBe(0);
  expect(table.timestepOf(1e6)).toBe(999);
});

test('spaces karras sigmas from the largest to the smallest', () => {
  const sigmas = karrasSigmas({ min: 0.1, max: 10 }, 5);
  expect(sigmas[0]).toBeCloseTo(10, 10);
  expect(sigmas.at(-1)).toBeCloseTo(0.1, 10);
  expect(sigmas[2]).toBeCloseTo(((10 ** (1 / 7) + 0.1 ** (1 / 7)) / 2) ** 7, 10);
});

test('ends a zero-SNR schedule in nothing but noise', () => {
  const config = { ...neutralConfig, rescale_betas_zero_snr: true };
  expect(alphasCumprod(config, false).at(-1)).toBe(0);
  expect(alphasCumprod(config, true).at(-1)).toBe(2 ** -24);
});

test('inverts the beta distribution', () => {
  expect(symmetricBetaQuantile(0.5, 0.6)).toBeCloseTo(0.5, 12);
  // The arcsine distribution, beta(1/2, 1/2), has a closed form.
  for (const p of [0.01, 0.3, 0.8]) {
    expect(symmetricBetaQuantile(p, 0.5)).toBeCloseTo(Math.sin((Math.PI / 2) * p) ** 2, 12);
  }
});

test('rounds halves to even', () => {
  expect([0.5, 1.5, 2.5, -1.5, 2.4].map(roundHalfToEven)).toEqual([0, 2, 2, -2, 2]);
});
