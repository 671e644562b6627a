import type { TorchGenerator } from '../sampling/noise/torch-generator.js';

/**
 * `count` numbers for a whole batch: each generator draws its own image's share; a single one draws for all
 * of them.
 */
export function drawNoise(generators: readonly TorchGenerator[], count: number): Float32Array {
  const noise = new Float32Array(count);
  const share = count / generators.length;
  for (const [index, generator] of generators.entries()) noise.set(generator.randn(share), index * share);
  return noise;
}

/** The values `times` times, one after the other. */
export function repeatRows(values: Float32Array, times: number): Float32Array {
  const repeated = new Float32Array(values.length * times);
  for (let index = 0; index < times; index++) repeated.set(values, index * values.length);
  return repeated;
}
