import { logFloat32, sinCosFloat32 } from './float32-functions.js';
import { MersenneTwister } from './mersenne-twister.js';

const blockSize = 16;

/**
 * torch's CPU generator: the same seed gives torch's numbers to the bit
 * (`torch.Generator().manual_seed(seed)`), as torch's x86 builds draw them with AVX2, so that a seed means
 * here what it means elsewhere. Other builds of torch differ by 2e-6 at most in draws of 16 numbers and more.
 * Source: aten/src/ATen/native/cpu/DistributionTemplates.h.
 */
export class TorchGenerator {
  readonly #twister: MersenneTwister;
  /** The second half of the last scalar Box-Muller pair; it outlives block draws in between, as in torch. */
  #spare: number | undefined;

  /** @param seed any integer; torch uses its low 32 bits. */
  constructor(seed: number | bigint) {
    this.#twister = new MersenneTwister(seed);
  }

  /** The next 32 random bits as an unsigned integer. */
  nextUint32(): number {
    return this.#twister.next();
  }

  /** `torch.rand` in float32: 24 random bits, in [0, 1). */
  rand(count: number): Float32Array {
    const uniforms = new Float32Array(count);
    for (let i = 0; i < count; i++) uniforms[i] = this.#uniform();
    return uniforms;
  }

  /** `torch.rand` in float64: 53 random bits, in [0, 1). */
  randDouble(): number {
    const high = this.#twister.next();
    const low = this.#twister.next();
    return ((high & 0x1fffff) * 2 ** 32 + low) * 2 ** -53;
  }

  /** `torch.randn(count)` in float32: `count` numbers of the standard normal distribution. */
  randn(count: number): Float32Array {
    const normals = new Float32Array(count);
    if (count < blockSize) {
      for (let i = 0; i < count; i++) normals[i] = this.#scalarNormal();
      return normals;
    }
    for (let i = 0; i < count; i++) normals[i] = this.#uniform();
    for (let start = 0; start + blockSize <= count; start += blockSize) boxMuller(normals, start);
    if (count % blockSize !== 0) this.#redrawTail(normals);
    return normals;
  }

  /**
   * `torch.randn(count, dtype=float16)` of torch 2.x, each value rounded to the nearest half-precision
   * number. It differs from the float32 draw when `count` is not a multiple of 16: uniforms are drawn block
   * by block, and none for the incomplete block.
   */
  randnHalf(count: number): Float32Array {
    const normals = new Float32Array(count);
    if (count < blockSize) {
      for (let i = 0; i < count; i++) normals[i] = this.#scalarNormal();
      return normals.map(roundToHalf);
    }
    for (let start = 0; start + blockSize <= count; start += blockSize) {
      for (let i = 0; i < blockSize; i++) normals[start + i] = this.#uniform();
      boxMuller(normals, start);
    }
    if (count % blockSize !== 0) this.#redrawTail(normals);
    return normals.map(roundToHalf);
  }

  #uniform(): number {
    return (this.#twister.next() & 0xffffff) * 2 ** -24;
  }

  #scalarNormal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const angle = 2 * Math.PI * this.randDouble();
    const radius = Math.sqrt(-2 * Math.log1p(-this.randDouble()));
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  #redrawTail(normals: Float32Array): void {
    const start = normals.length - blockSize;
    for (let i = 0; i < blockSize; i++) normals[start + i] = this.#uniform();
    boxMuller(normals, start);
  }
}

/** Turns the 16 uniforms from `start` on into normals, in float32 steps as torch takes them. */
function boxMuller(values: Float32Array, start: number): void {
  const turn = Math.fround(2 * Math.PI);
  for (let i = start; i < start + blockSize / 2; i++) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * logFloat32(1 - values[i]!))));
    const { sin, cos } = sinCosFloat32(Math.fround(turn * values[i + 8]!));
    values[i] = radius * cos;
    values[i + 8] = radius * sin;
  }
}

/** Nearest IEEE half-precision value, ties to even. */
function roundToHalf(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -14);
  if (!Number.isFinite(exponent)) return value;
  const unit = 2 ** (exponent - 10);
  const scaled = value / unit;
  const floor = Math.floor(scaled);
  const fraction = scaled - floor;
  const up = fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0);
  return (floor + (up ? 1 : 0)) * unit;
}
