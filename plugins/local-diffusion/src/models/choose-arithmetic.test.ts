import { expect, test } from 'vitest';
import type { NetworkMemory } from '../session/network-memory.js';
import { chooseArithmetic } from './choose-arithmetic.js';

type Place = Pick<NetworkMemory, 'provider' | 'gainsByInt8'>;

const place = (gains: boolean, provider: Place['provider'] = 'cpu'): Place => ({
  provider,
  gainsByInt8: async () => gains,
});
const ofWeights = (millions: number) => ({
  tensors: new Map([['w', { shape: [millions, 1e6] }]]),
});

test.each([
  ['a large network where int8 gains', place(true), ofWeights(860), 'fast'],
  ['a large network where it does not', place(false), ofWeights(860), 'exact'],
  ['a small network', place(true), ofWeights(9), 'exact'],
  ['another device', place(true, 'webgpu'), ofWeights(860), 'exact'],
  ['a model without a denoising network', place(true), undefined, 'exact'],
] as const)('auto: %s', async (_, memory, denoiser, arithmetic) => {
  expect(await chooseArithmetic('auto', memory, denoiser)).toEqual({ arithmetic });
});

test('what was asked for is not measured', async () => {
  const unasked: Place = { provider: 'cpu', gainsByInt8: () => Promise.reject(new Error('measured')) };
  expect(await chooseArithmetic('exact', unasked, ofWeights(860))).toEqual({ arithmetic: 'exact' });
  expect((await chooseArithmetic('fast', unasked, ofWeights(1))).arithmetic).toBeTypeOf('string');
});

test('fast on another device is told to have no effect', async () => {
  const { arithmetic, reason } = await chooseArithmetic('fast', place(true, 'webgpu'), ofWeights(860));
  expect([arithmetic, reason]).toEqual(['exact', expect.stringContaining('webgpu')]);
});
