/**
 * log, sin and cos in float32 as torch's vectorised normal generator computes them: the polynomials of the
 * Cephes library (S. Moshier, logf.c and sinf.c) with each multiply-add rounded once, as processors with AVX2
 * do. They differ from the exact functions in the last bit, and only with them do seeds give torch's numbers
 * to the bit.
 */

const { fround } = Math;
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** `a * b + c`, rounded once. */
const multiplyAdd = (a: number, b: number, c: number): number => fround(a * b + c);

function polynomial(x: number, coefficients: Float32Array): number {
  let value = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) value = multiplyAdd(value, x, coefficients[i]!);
  return value;
}

const logCoefficients = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
const [log2Low, log2High] = [fround(-2.1219444e-4), 0.693359375];
const squareRootOfHalf = fround(Math.SQRT1_2);

/** Natural logarithm of a float32 that is positive and not denormal. */
export function logFloat32(value: number): number {
  float[0] = value;
  let exponent = (bits[0]! >>> 23) - 126;
  bits[0] = (bits[0]! & 0x007fffff) | 0x3f000000;
  let x = float[0]!;
  if (x < squareRootOfHalf) {
    exponent -= 1;
    x = fround(fround(x - 1) + x);
  } else {
    x = fround(x - 1);
  }
  const squared = fround(x * x);
  const cubic = fround(polynomial(x, logCoefficients) * x);
  let y = multiplyAdd(cubic, squared, fround(exponent * log2Low));
  y = multiplyAdd(-0.5, squared, y);
  return multiplyAdd(exponent, log2High, fround(x + y));
}

const sinCoefficients = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const cosCoefficients = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
const fourOverPi = fround(4 / Math.PI);
/** pi / 4 in three parts, so that subtracting multiples of it loses nothing. */
const quarterTurn = [-0.78515625, fround(-2.4187564849853516e-4), fround(-3.774894977445941e-8)] as const;

/** Sine and cosine of a float32 from 0 to 8192. */
export function sinCosFloat32(value: number): { readonly sin: number; readonly cos: number } {
  const octant = (Math.trunc(fround(value * fourOverPi)) + 1) & ~1;
  let x = value;
  for (const part of quarterTurn) x = multiplyAdd(octant, part, x);
  const squared = fround(x * x);
  const fourth = fround(polynomial(squared, cosCoefficients) * squared);
  const nearCos = fround(multiplyAdd(fourth, squared, -0.5 * squared) + 1);
  const nearSin = multiplyAdd(fround(polynomial(squared, sinCoefficients) * squared), x, x);
  const swapped = (octant & 2) !== 0;
  const sinSign = (octant & 4) !== 0 ? -1 : 1;
  const cosSign = ((octant - 2) & 4) === 0 ? -1 : 1;
  return {
    sin: sinSign * (swapped ? nearCos : nearSin),
    cos: cosSign * (swapped ? nearSin : nearCos),
  };
}
