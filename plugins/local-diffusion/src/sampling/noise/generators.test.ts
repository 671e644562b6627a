import { expect, test } from 'vitest';
import { NumpyGenerator } from './numpy-generator.js';
import { TorchGenerator } from './torch-generator.js';

test('draws the numbers that torch draws for seed 0', () => {
  const drawn = new TorchGenerator(0).randn(16);
  expect([...drawn.subarray(0, 4)].map((x) => x.toFixed(6))).toEqual([
    '-1.125840',
    '-1.152360',
    '-0.250579',
    '-0.433879',
  ]);
  expect(new TorchGenerator(0).randn(1)[0]).toBeCloseTo(1.54099607, 7);
});

test('takes the low 32 bits of a seed', () => {
  const draw = (seed: number | bigint) => [...new TorchGenerator(seed).randn(20)];
  expect(draw(2 ** 32 + 42)).toEqual(draw(42));
  expect(draw(-1)).toEqual(draw(2 ** 32 - 1));
  expect(draw(9007199254740881n)).toEqual(draw(9007199254740881));
});

test('keeps the second half of a scalar pair across a block draw', () => {
  const pair = new TorchGenerator(7).randn(2);
  const generator = new TorchGenerator(7);
  const first = generator.randn(1);
  generator.randn(32);
  expect([first[0], generator.randn(1)[0]]).toEqual([...pair]);
});

test('recomputes the last sixteen numbers of a draw that is not a multiple of sixteen', () => {
  const whole = new TorchGenerator(3).randn(32);
  const ragged = new TorchGenerator(3).randn(33);
  expect([...ragged.subarray(0, 16)]).toEqual([...whole.subarray(0, 16)]);
  expect(ragged[20]).not.toBe(whole[20]);
});

test('gives half-precision numbers that are representable', () => {
  const [exact, half] = [new TorchGenerator(1).randn(64), new TorchGenerator(1).randnHalf(64)];
  for (const [i, value] of half.entries()) {
    expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(Math.abs(exact[i]!) * 2 ** -11 + 2 ** -25);
    expect(Number.isInteger(value * 2 ** 24)).toBe(true);
  }
});

test("draws numpy's RandomState numbers", () => {
  expect([...new NumpyGenerator(0).randn(3)]).toEqual([
    expect.closeTo(1.76405235, 8),
    expect.closeTo(0.400157208, 8),
    expect.closeTo(0.978737984, 8),
  ]);
});
