/** How the reference set writes an array inside JSON: raw little-endian numbers in base64. */
export interface EncodedArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly b64: string;
}

/** Decodes a float32 array of the reference set. */
export function decodeFloats(encoded: EncodedArray): Float32Array {
  if (encoded.dtype !== 'f32') throw new Error(`the array is ${encoded.dtype}, not f32`);
  const bytes = Buffer.from(encoded.b64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** A number as the reference set writes it: JSON has no NaN and no infinities, so they are strings there. */
export function decodeNumber(value: number | string): number {
  return typeof value === 'number' ? value : Number(value);
}

/**
 * The largest difference between two arrays, each relative to `max(1, |expected|)` unless `absolute`.
 * Different lengths and a NaN on one side only count as infinite.
 */
export function largestError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  measure: 'relative' | 'absolute' = 'relative',
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i]!;
    const got = actual[i]!;
    if (Object.is(got, wanted) || got === wanted) continue;
    const error = Math.abs(got - wanted) / (measure === 'absolute' ? 1 : Math.max(1, Math.abs(wanted)));
    if (!(error <= largest)) largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return largest;
}
