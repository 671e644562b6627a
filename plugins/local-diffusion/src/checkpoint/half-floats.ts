const word = new Float32Array(1);
const wordBits = new Uint32Array(word.buffer);
const leastNormal = 0x38800000;
const leastInfinite = 0x477ff000;
const infinity = 0x7f800000;
const biasDifference = 112 << 23;

/** To the nearest half, ties to even; beyond 65504 infinity. */
export const toHalves = (values: Float32Array): Uint16Array =>
  Uint16Array.from({ length: values.length }, (_, index) => toHalf(values[index]!));

export const fromHalves = (halves: Uint16Array): Float32Array =>
  Float32Array.from({ length: halves.length }, (_, index) => fromHalf(halves[index]!));

function toHalf(value: number): number {
  word[0] = value;
  const bits = wordBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > infinity) return sign | 0x7e00;
  if (magnitude >= leastInfinite) return sign | 0x7c00;
  if (magnitude < leastNormal) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  const rebiased = magnitude - biasDifference;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All float16 numbers, by their bits. */
export const allHalves = Float64Array.from({ length: 65_536 }, (_, bits) => fromHalf(bits));

/**
 * FP8 E4M3FN (Micikevicius et al. 2022, arXiv 2209.05433): a sign, 4 bits of exponent, 3 of fraction, NaN and
 * no infinities.
 */
export function fromFloat8(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0xf;
  const fraction = bits & 7;
  if (exponent === 0xf && fraction === 7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}
