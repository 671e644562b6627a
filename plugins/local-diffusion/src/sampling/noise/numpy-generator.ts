import { MersenneTwister } from './mersenne-twister.js';

/**
 * numpy's `RandomState(seed)`, whose normals some pipelines (old ONNX exports among them) draw their latents
 * from. Source: numpy/random/src/legacy (the polar method of Marsaglia and Bray 1964). Equal to numpy's
 * numbers in float64.
 */
export class NumpyGenerator {
  readonly #twister: MersenneTwister;
  #spare: number | undefined;

  /** @param seed 0 .. 2^32 - 1, the range that numpy takes. */
  constructor(seed: number | bigint) {
    this.#twister = new MersenneTwister(seed);
  }

  /** 53 random bits, in [0, 1). */
  rand(): number {
    const high = this.#twister.next() >>> 5;
    const low = this.#twister.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** `RandomState.randn(count)`: `count` numbers of the standard normal distribution. */
  randn(count: number): Float64Array {
    const normals = new Float64Array(count);
    for (let i = 0; i < count; i++) normals[i] = this.#normal();
    return normals;
  }

  #normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const first = 2 * this.rand() - 1;
      const second = 2 * this.rand() - 1;
      const squared = first * first + second * second;
      if (squared >= 1 || squared === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(squared)) / squared);
      this.#spare = factor * first;
      return factor * second;
    }
  }
}
